using Daso.Communication;
using Daso.Recording;
using Daso.Specification;
using Daso.Strategies;

namespace Daso.Baselines;

/// <summary>
/// LSGD, layered SGD (Yu et al., arXiv 1906.05936): a node's gradients meet in a communicator rank, which averages with those of other
/// nodes and gives the result to its node. Synchronous and exact. docs/strategies/lsgd.md.
/// </summary>
[Specification("lsgd")]
public sealed partial record LsgdSpec : StrategySpec
{
    /// <summary>How gradients travel between nodes.</summary>
    public WireFormat Wire { get; init; } = WireFormat.Float32;

    /// <summary>Cap in bytes of the buckets in which gradients are averaged inside the node.</summary>
    [AtLeast(1)]
    public long BucketBytes { get; init; } = 25 << 20;

    /// <inheritdoc />
    public override StrategyPolicy Policy => new("gradients", StrategyPolicy.Same, StrategyPolicy.Own, StrategyPolicy.None);

    /// <inheritdoc />
    public override IStrategy Create(StrategyContext context)
    {
        Validate();
        return new Lsgd(this, context);
    }

    /// <inheritdoc />
    public override IReadOnlyList<StepProgram> Programs(ProgramScope scope)
    {
        var exchange = new ProgramExchange(ProgramGroup.Global, scope.Elements, Wire);
        ProgramAction[] actions =
            [new(ProgramActionKind.Start, exchange), new(ProgramActionKind.Wait, exchange), new(ProgramActionKind.NodeBroadcast, exchange)];
        return [new() { Gradients = BucketedGradients.InFloat32(ProgramGroup.Node, BucketBytes), Steps = [new ProgramStep(true, actions)] }];
    }

    /// <summary>One rank's side; a node's first rank is its communicator.</summary>
    private sealed class Lsgd(LsgdSpec spec, StrategyContext context) : IStrategy
    {
        private readonly NodeGradients _node = new(context, spec.BucketBytes);
        private readonly RangeReduction _mean = new(context.Replica.Gradients, context.Ranks.Global);
        private readonly NodeBroadcast _share = new(context.Ranks.Node, context.Timer, [context.Replica.Gradients], isSharded: false);

        public void PartReady(int part) => _node.PartReady(part);

        public void BackwardDone()
        {
            _node.Finish();
            if (context.Ranks.Global.Size == 1)
                return;
            if (context.Ranks.LocalId == 0)
            {
                SpanMark start = context.Timer.Mark();
                long bytes = _mean.Run(ReduceOperation.Mean, spec.Wire);
                context.Timer.End(SpanKind.GlobalWait, start, bytes, _mean.LastOperation);
            }

            _share.Share(onDuty: 0);
        }

        public void Dispose()
        {
        }
    }
}
