using Daso.Communication;
using Daso.Models;
using Daso.Recording;
using Daso.Specification;
using Daso.Strategies;
using TorchSharp;
using static TorchSharp.torch;

namespace Daso.Baselines;

/// <summary>
/// Top-k whose share goes with the link, after FusionLLM's AdaTopK (Tang et al., arXiv 2410.12707), of which the abstract alone was at hand: the
/// slower a link, the stronger the compression. Here the links are those in the node and those between nodes, each with a share and an
/// error feedback of its own. docs/strategies/adaptive-top-k.md.
/// </summary>
[Specification("adaptiveTopK")]
public sealed partial record AdaptiveTopKSpec : StrategySpec
{
    /// <summary>The share of each parameter that is sent between nodes, at least one element.</summary>
    [Above(0), AtMost(1)]
    public double Density { get; init; } = 0.01;

    /// <summary>How many times as fast the links in the node are: as much larger is the share there, up to all.</summary>
    [AtLeast(1)]
    public double LinkRatio { get; init; } = 100;

    /// <summary>Cap in bytes of the buckets in which whole gradients are averaged in the node.</summary>
    [AtLeast(1)]
    public long BucketBytes { get; init; } = 25 << 20;

    /// <inheritdoc />
    public override bool KeepsGradients => true;

    /// <summary>The share of each parameter that is sent in the node.</summary>
    internal double NodeDensity => Math.Min(1, Density * LinkRatio);

    /// <inheritdoc />
    public override StrategyPolicy Policy => new(
        "few elements of gradients", StrategyPolicy.Same, StrategyPolicy.Own, NodeDensity < 1 ? "8·n and the elements" : "4·n and the elements");

    /// <inheritdoc />
    public override IStrategy Create(StrategyContext context)
    {
        Validate();
        return new AdaptiveTopK(this, context);
    }

    /// <inheritdoc />
    public override IReadOnlyList<StepProgram> Programs(ProgramScope scope)
    {
        List<ProgramAction> actions = [];
        if (NodeDensity < 1)
            actions.AddRange(ProgramStep.Exchanging(sendsGradients: false, Pairs(ProgramGroup.Node, NodeDensity)).Actions);
        actions.AddRange(ProgramStep.Exchanging(sendsGradients: false, Pairs(ProgramGroup.Global, Density)).Actions);
        actions.Add(new(ProgramActionKind.NodeBroadcast, new ProgramExchange(ProgramGroup.Global, scope.Elements, WireFormat.Float32)));
        return
        [
            new()
            {
                Gradients = NodeDensity < 1 ? null : BucketedGradients.InFloat32(ProgramGroup.Node, BucketBytes),
                Steps = [new ProgramStep(NodeDensity == 1, actions)],
            },
        ];

        ProgramExchange Pairs(ProgramGroup group, double density) =>
            new(group, 2 * TopKExchange.CountOf(scope, density), WireFormat.Float32) { Collective = ProgramCollective.AllGather };
    }

    /// <summary>
    /// One rank's side: with ē what is left of its last gradient, the node's mean of top-k(g + ē), or of g; then, on the node's first rank,
    /// with e what is left of the last mean, the nodes' mean of top-k(mean + e), which it gives to the others.
    /// </summary>
    private sealed class AdaptiveTopK : IStrategy
    {
        private readonly StrategyContext _context;
        private readonly FlatTensor _gradients;
        private readonly NodeGradients? _whole;
        private readonly Level? _node;
        private readonly Level? _nodes;
        private readonly NodeBroadcast _share;

        internal AdaptiveTopK(AdaptiveTopKSpec spec, StrategyContext context)
        {
            _context = context;
            _gradients = context.Replica.Gradients;
            if (spec.NodeDensity == 1)
                _whole = new NodeGradients(context, spec.BucketBytes);
            else
                _node = new Level(context, context.Ranks.Node, spec.NodeDensity);
            if (context.Ranks.LocalId == 0)
                _nodes = new Level(context, context.Ranks.Global, spec.Density);
            _share = new NodeBroadcast(context.Ranks.Node, context.Timer, [_gradients], isSharded: false);
        }

        public IReadOnlyList<(string Name, FlatTensor Values)> State =>
        [
            .. new[] { ("node rest", _node), ("rest", _nodes) }.Where(one => one.Item2 is not null).Select(one => (one.Item1, one.Item2!.Rest.Dropped)),
        ];

        public void PartReady(int part) => _whole?.PartReady(part);

        public void BackwardDone()
        {
            _whole?.Finish();
            _node?.Exchange(_context.Timer, SpanKind.LocalSync);
            _nodes?.Exchange(_context.Timer, SpanKind.GlobalWait);
            _share.Share(onDuty: 0);
        }

        public void Save(BinaryWriter writer)
        {
            _node?.Rest.Save(writer);
            _nodes?.Rest.Save(writer);
        }

        public void Load(BinaryReader reader)
        {
            _node?.Rest.Load(reader);
            _nodes?.Rest.Load(reader);
        }

        public void Dispose()
        {
            _node?.Dispose();
            _nodes?.Dispose();
        }
    }

    /// <summary>Top-k with error feedback over the ranks that a kind of link joins.</summary>
    private sealed class Level(StrategyContext context, ICommunicator group, double density) : IDisposable
    {
        private readonly FlatTensor _gradients = context.Replica.Gradients;
        private readonly TopKExchange _exchange = new(context.Replica, group, density);

        internal ErrorFeedback Rest { get; } = new(context.Replica.Gradients.Length, context.Replica.Device);

        internal void Exchange(StepTimer timer, SpanKind kind)
        {
            using var _ = no_grad();
            using DisposeScope scope = NewDisposeScope();
            SpanMark start = timer.Mark();
            Rest.Compensate(_gradients);
            Tensor selected = _exchange.Select(step: 0);
            using (Scalar zero = 0f.ToScalar())
                Rest.Dropped.Tensor.index_fill_(0, selected, zero);
            (long bytes, OperationKey? operation) = _exchange.Run(selected);
            _exchange.Merge(selected);
            timer.End(kind, start, bytes, operation);
        }

        public void Dispose()
        {
            Rest.Dispose();
            _exchange.Dispose();
        }
    }
}
