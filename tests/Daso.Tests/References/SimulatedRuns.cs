using Daso.Analysis;
using Daso.References;

namespace Daso.Tests.References;

/// <summary>
/// Runs of two strategies as a noisy machine measures them: a drift over the run that the order of the trainings spreads, a deviation of each
/// training with the tails of Student's t with 4 degrees of freedom, a deviation of each run and strategy, and now and then a training
/// that something else on the machine holds up by a quarter.
/// </summary>
internal sealed class SimulatedRuns(int seed)
{
    private const int Seeds = 12;
    private const int Steps = 32;
    private const double DasoOverDdp = 0.75;
    private const double TrainingNoise = 0.015;
    private const double RunNoise = 0.005;
    private const double HiccupShare = 0.03;

    private readonly Random _random = new(seed);

    /// <param name="slowdown">Of the strategy daso: 0.1 is 10 %.</param>
    /// <param name="baselineSlowdown">Of the baseline.</param>
    public RunFigures Next(double slowdown = 0, double baselineSlowdown = 0)
    {
        double drift = Normal() * 0.05, machine = 1 + (Normal() * 0.03);
        double[] runNoise = [Normal() * RunNoise, Normal() * RunNoise];
        var cells = new List<CellSummary>[] { [], [] };
        for (int training = 0; training < 2 * Seeds; training++)
        {
            int pair = training / 2;
            int strategy = (training + pair) % 2;
            double factor = strategy == 0 ? 1 + baselineSlowdown : DasoOverDdp * (1 + slowdown);
            double noise = runNoise[strategy] + (T4() * TrainingNoise) + (drift * training / (2 * Seeds));
            double hiccup = _random.NextDouble() < HiccupShare ? 1.25 : 1;
            cells[strategy].Add(Cell(pair + 1, 40e6 * machine * factor * Math.Exp(noise) * hiccup));
        }

        CellSummary[] baseline = [.. cells[0].Select(cell => cell with { RelativeTraining = 1 })];
        CellSummary[] daso = [.. cells[1].Select((cell, i) => cell with { RelativeTraining = (double)cell.TrainingNs / baseline[i].TrainingNs })];
        return new RunFigures(
            Guid.NewGuid().ToString("N"),
            "gate",
            new ReferenceMachine("a processor", 2, []),
            [new ExperimentFigures("gate", "gate", new string('0', 64), "ddp",
            [
                StrategyFigures.Of(StrategySummary.Of("ddp", isBaseline: true, baseline, baseline), isLowerBetter: false),
                StrategyFigures.Of(StrategySummary.Of("daso", isBaseline: false, daso, baseline), isLowerBetter: false),
            ])]);
    }

    private CellSummary Cell(int seed, double stepNs)
    {
        long[] steps = [.. Enumerable.Range(0, Steps).Select(_ => (long)(stepNs * Math.Exp(Normal() * 0.05)))];
        return new CellSummary
        {
            Seed = seed,
            Steps = Steps,
            Items = 1000,
            TrainingNs = steps.Sum(),
            ItemsPerSecond = 1,
            EpochsToTarget = null,
            TimeToTargetNs = null,
            FinalQuality = 0.9 + (seed * 0.001),
            BytesPerNodeStep = 0,
            LocalWaitShare = 0,
            GlobalWaitShare = 0,
            AllocatedBytesPerStep = null,
            Collections = new Collections(0, 0, 0),
            Breakdown = new StepBreakdown(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
            Blocks = StepBlocks.Of([steps]),
        };
    }

    private double Normal() =>
        Math.Sqrt(-2 * Math.Log(1 - _random.NextDouble())) * Math.Cos(2 * Math.PI * _random.NextDouble());

    private double T4()
    {
        double squares = 0;
        for (int i = 0; i < 4; i++)
            squares += Math.Pow(Normal(), 2);
        return Normal() / Math.Sqrt(squares / 4);
    }
}
