using Daso.Communication;
using Daso.Models;
using Daso.Recording;
using Daso.Specification;
using Daso.Strategies;

namespace Daso.Baselines;

/// <summary>
/// Ravnest's parallel multi-ring averaging (Menon et al., arXiv 2401.01728): clusters of peers train alone and average their parameters every
/// few steps, by several rings at once, each of which owns a range of them. A cluster is a node here, and each of its ranks is in the ring
/// of one range. docs/strategies/ring-averaging.md.
/// </summary>
[Specification("ringAveraging")]
public sealed partial record RingAveragingSpec : StrategySpec
{
    /// <summary>Steps from one average to the next (update_frequency times reduce_factor).</summary>
    [AtLeast(1)]
    public int Period { get; init; } = 16;

    /// <summary>Whether the optimizer's buffers are averaged, too.</summary>
    public bool AveragesOptimizer { get; init; }

    /// <summary>How values travel.</summary>
    public WireFormat Wire { get; init; } = WireFormat.Float32;

    /// <summary>Cap in bytes of the buckets in which gradients are averaged inside the node.</summary>
    [AtLeast(1)]
    public long BucketBytes { get; init; } = 25 << 20;

    /// <inheritdoc />
    public override StrategySpec ForWarmup() => this with { Period = Math.Min(Period, 2) };

    /// <inheritdoc />
    public override StrategyPolicy Policy => new("parameters", AveragesOptimizer ? "averaged" : StrategyPolicy.Own, StrategyPolicy.Own, StrategyPolicy.None);

    /// <inheritdoc />
    public override IStrategy Create(StrategyContext context)
    {
        Validate();
        return new RingAveraging(this, context);
    }

    /// <summary>The rings of all ranges together are an all-reduce of all parameters. Of an optimizer with two buffers.</summary>
    public override IReadOnlyList<StepProgram> Programs(ProgramScope scope)
    {
        var exchange = new ProgramExchange(ProgramGroup.World, scope.Elements * (AveragesOptimizer ? 3 : 1), Wire);
        var steps = new ProgramStep[Period];
        Array.Fill(steps, ProgramStep.GradientsAlone);
        steps[^1] = new(
            true, [new(ProgramActionKind.Start, exchange), new(ProgramActionKind.Wait, exchange), new(ProgramActionKind.NodeBroadcast, exchange)]);
        return [new() { Gradients = BucketedGradients.InFloat32(ProgramGroup.Node, BucketBytes), Steps = steps }];
    }

    /// <summary>One rank's side.</summary>
    private sealed class RingAveraging : IStrategy
    {
        private readonly RingAveragingSpec _spec;
        private readonly StrategyContext _context;
        private readonly NodeGradients _node;
        private readonly RangeReduction[] _rings;
        private readonly NodeBroadcast _share;
        private long _steps;

        internal RingAveraging(RingAveragingSpec spec, StrategyContext context)
        {
            _spec = spec;
            _context = context;
            _node = new NodeGradients(context, spec.BucketBytes);
            FlatTensor parameters = context.Replica.Parameters;
            FlatTensor[] averaged = spec.AveragesOptimizer ? [parameters, .. context.Optimizer.State.Select(one => one.Values)] : [parameters];
            FlatRange range = NodeBroadcast.Slice(parameters.Length, context.Ranks.LocalId, context.Ranks.Topology.RanksPerNode);
            _rings = [.. averaged.Select(tensor => new RangeReduction(tensor, range, context.Ranks.Global))];
            _share = new NodeBroadcast(context.Ranks.Node, context.Timer, averaged, isSharded: true);
        }

        public void PartReady(int part) => _node.PartReady(part);

        public void BackwardDone() => _node.Finish();

        public void OptimizerStepped()
        {
            if (++_steps % _spec.Period != 0)
                return;
            SpanMark start = _context.Timer.Mark();
            foreach (RangeReduction ring in _rings)
                ring.Start(ReduceOperation.Mean, _spec.Wire);
            long bytes = 0;
            foreach (RangeReduction ring in _rings)
                bytes += ring.Finish();
            _context.Timer.End(SpanKind.GlobalWait, start, bytes, _rings[^1].LastOperation);
            _share.Share(onDuty: 0);
        }

        public void Save(BinaryWriter writer) => writer.Write(_steps);

        public void Load(BinaryReader reader) => _steps = reader.ReadInt64();

        public void Dispose()
        {
        }
    }
}
