using Daso.Communication;
using Daso.Recording;
using Daso.Specification;
using Daso.Strategies;

namespace MySuite;

/// <summary>Local SGD (Stich 2019, arXiv 1805.09767): ranks step alone and average their parameters after every few steps.</summary>
[Specification("localSgd")]
public sealed partial record LocalSgdSpec : StrategySpec
{
    /// <summary>Steps from one average to the next.</summary>
    [AtLeast(1)]
    public int Interval { get; init; } = 4;

    /// <inheritdoc />
    public override StrategySpec ForWarmup() => this with { Interval = Math.Min(Interval, 2) };

    /// <inheritdoc />
    public override IStrategy Create(StrategyContext context) => new LocalSgd(context, Interval);

    private sealed class LocalSgd(StrategyContext context, int interval) : IStrategy
    {
        private readonly RangeReduction _average = new(context.Replica.Parameters, context.Ranks.World);
        private int _steps;

        public void OptimizerStepped()
        {
            if (++_steps % interval != 0)
                return;

            StepTimer timer = context.Timer;
            SpanMark start = timer.Mark();
            long bytes = _average.Run(ReduceOperation.Mean);
            timer.End(SpanKind.GlobalWait, start, bytes, _average.LastOperation);
        }

        public void Save(BinaryWriter writer) => writer.Write(_steps);

        public void Load(BinaryReader reader) => _steps = reader.ReadInt32();

        public void Dispose()
        {
        }
    }
}
