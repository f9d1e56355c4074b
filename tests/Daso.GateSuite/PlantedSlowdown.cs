using System.Diagnostics;
using System.Globalization;
using Daso.Specification;
using Daso.Strategies;

namespace Daso.GateSuite;

/// <summary>
/// A strategy that can be slowed down without its specification showing it, as a bad commit would do: with
/// DASO_PLANTED_SLOWDOWN=daso:0.1 a step of the strategy named daso takes a tenth longer. The rank computes for that time; where several
/// ranks share a core, each for its part of it, since all take their turns.
/// </summary>
/// <param name="Name">The strategy's name.</param>
/// <param name="Inner">The strategy.</param>
public sealed record PlantedSlowdown(string Name, StrategySpec Inner) : StrategySpec
{
    private const string Variable = "DASO_PLANTED_SLOWDOWN";

    /// <inheritdoc />
    public override IStrategy Create(StrategyContext context)
    {
        IStrategy strategy = Inner.Create(context);
        return Environment.GetEnvironmentVariable(Variable)?.Split(':') is [string name, string share] && name == Name
            ? new Slowed(strategy, double.Parse(share, CultureInfo.InvariantCulture) / RanksPerCore(context))
            : strategy;
    }

    /// <inheritdoc />
    public override void Describe(SpecificationWriter writer) => Inner.Describe(writer);

    private static double RanksPerCore(StrategyContext context) =>
        Math.Max(1, (double)context.Ranks.World.Size / Environment.ProcessorCount);

    private sealed class Slowed(IStrategy inner, double share) : IStrategy
    {
        private long _start;

        public void StepStarted(int epoch, int batch)
        {
            _start = Stopwatch.GetTimestamp();
            inner.StepStarted(epoch, batch);
        }

        public void PartReady(int part) => inner.PartReady(part);

        public void BackwardDone() => inner.BackwardDone();

        public void OptimizerStepped()
        {
            inner.OptimizerStepped();
            TimeSpan wanted = Stopwatch.GetElapsedTime(_start) * (1 + share);
            while (Stopwatch.GetElapsedTime(_start) < wanted)
                Thread.SpinWait(20);
        }

        public void EvaluationStarting() => inner.EvaluationStarting();

        public void EpochEnded(double loss) => inner.EpochEnded(loss);

        public void Save(BinaryWriter writer) => inner.Save(writer);

        public void Load(BinaryReader reader) => inner.Load(reader);

        public void Dispose() => inner.Dispose();
    }
}
