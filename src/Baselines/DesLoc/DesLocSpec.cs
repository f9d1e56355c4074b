using System.Numerics;
using Daso.Communication;
using Daso.Models;
using Daso.Recording;
using Daso.Specification;
using Daso.Strategies;

namespace Daso.Baselines;

/// <summary>
/// DES-LOC, desynced low communication (Iacob et al., arXiv 2505.22549): workers train alone, and parameters and each moment of the
/// optimizer are averaged at periods of their own, slowly changing ones more seldom. docs/strategies/des-loc.md.
/// </summary>
[Specification("desLoc")]
public sealed partial record DesLocSpec : WorkerSpec
{
    /// <summary>K_x: steps from one average of the parameters to the next.</summary>
    [AtLeast(1)]
    public int Period { get; init; } = 64;

    /// <summary>K_u: of the optimizer's first buffer, which is the momentum, or the mean of gradients; 3·K_x in the paper.</summary>
    [AtLeast(1)]
    public int MomentumPeriod { get; init; } = 192;

    /// <summary>K_v: of its other buffers, such as the mean of squares; 6·K_x in the paper.</summary>
    [AtLeast(1)]
    public int SquarePeriod { get; init; } = 384;

    /// <summary>How all of them travel.</summary>
    public WireFormat Wire { get; init; } = WireFormat.Float32;

    /// <inheritdoc />
    public override StrategySpec ForWarmup() => this with
    {
        Period = Math.Min(Period, 2),
        MomentumPeriod = Math.Min(MomentumPeriod, 2),
        SquarePeriod = Math.Min(SquarePeriod, 2),
    };

    /// <inheritdoc />
    public override StrategyPolicy Policy => new("parameters, and seldom momenta", "averaged", StrategyPolicy.Own, StrategyPolicy.None);

    /// <inheritdoc />
    public override IStrategy Create(StrategyContext context)
    {
        Validate();
        return new DesLoc(this, context);
    }

    /// <summary>Of an optimizer with two moments. Where the periods have no short common multiple, 65,536 steps stand for all.</summary>
    public override IReadOnlyList<StepProgram> Programs(ProgramScope scope)
    {
        var exchange = new ProgramExchange(ProgramGroup.World, scope.Elements, Wire);
        int[] periods = [Period, MomentumPeriod, SquarePeriod];
        BigInteger common = periods.Aggregate(BigInteger.One, (all, one) => all * one / BigInteger.GreatestCommonDivisor(all, one));
        return
        [
            new()
            {
                Gradients = TrafficInNode,
                Steps = [.. Enumerable.Range(1, (int)BigInteger.Min(common, 1 << 16)).Select(step =>
                    ProgramStep.Exchanging(NodeGradients, periods.Where(period => step % period == 0).Select(_ => exchange)))],
            },
        ];
    }

    /// <summary>One rank's side: at the end of step s, counted from 1, what has a period that divides s is averaged over all ranks.</summary>
    private sealed class DesLoc : IStrategy
    {
        private readonly StrategyContext _context;
        private readonly WireFormat _wire;
        private readonly NodeGradients? _node;
        private readonly (int Period, RangeReduction Mean)[] _averages;
        private long _steps;

        internal DesLoc(DesLocSpec spec, StrategyContext context)
        {
            _context = context;
            _wire = spec.Wire;
            _node = spec.InNode(context);
            _averages =
            [
                (spec.Period, Mean(context.Replica.Parameters)),
                .. context.Optimizer.State.Select((one, i) => (i == 0 ? spec.MomentumPeriod : spec.SquarePeriod, Mean(one.Values))),
            ];

            RangeReduction Mean(FlatTensor values) => new(values, context.Ranks.World);
        }

        public void PartReady(int part) => _node?.PartReady(part);

        public void BackwardDone() => _node?.Finish();

        public void OptimizerStepped()
        {
            _steps++;
            foreach ((int period, RangeReduction mean) in _averages)
            {
                if (_steps % period != 0)
                    continue;
                SpanMark start = _context.Timer.Mark();
                long bytes = mean.Run(ReduceOperation.Mean, _wire);
                _context.Timer.End(SpanKind.GlobalWait, start, bytes, mean.LastOperation);
            }
        }

        public void Save(BinaryWriter writer) => writer.Write(_steps);

        public void Load(BinaryReader reader) => _steps = reader.ReadInt64();

        public void Dispose()
        {
        }
    }
}
