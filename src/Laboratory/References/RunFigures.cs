using System.Text.Json.Nodes;
using Daso.Analysis;
using Daso.Recording;

namespace Daso.References;

/// <summary>A run's figures, as references are made from them and held against them.</summary>
/// <param name="RunId">The run.</param>
/// <param name="Suite">Its suite.</param>
/// <param name="Machine">Where it ran.</param>
/// <param name="Experiments">Its variants.</param>
internal sealed record RunFigures(string RunId, string Suite, ReferenceMachine Machine, IReadOnlyList<ExperimentFigures> Experiments)
{
    /// <summary>Reads a run of which every cell is complete.</summary>
    /// <exception cref="UserErrorException">It holds no run, a cell is missing, or a file is damaged.</exception>
    public static RunFigures Read(string path)
    {
        var run = RecordedRun.Open(path);
        RunSummary summary = run.Summary;
        if (summary.Holder is RunHolder holder)
            throw new UserErrorException($"{path}: the run goes on ({holder}); wait for its end", ExitCode.RunFailed);
        if (summary.Incomplete is [IncompleteCell first, ..])
        {
            throw new UserErrorException(
                FormattableString.Invariant($"{path}: {first.Cell.Experiment}, {first.Cell.Strategy}, seed {first.Cell.Seed} is missing ")
                    + $"({first.Reason}); finish the run with --resume, or start it anew",
                ExitCode.RunFailed);
        }

        RecordedHardware hardware = run.Manifest.Hardware;
        return new RunFigures(
            run.Manifest.RunId,
            run.Manifest.Suite,
            new ReferenceMachine(hardware.Processor, hardware.Cores, hardware.Gpus),
            [.. summary.Experiments.Select(experiment => ExperimentFigures.Of(experiment, run.Manifest))]);
    }
}

/// <summary>A variant's figures.</summary>
/// <param name="Name">The variant.</param>
/// <param name="Experiment">Its experiment.</param>
/// <param name="Setting">The hash of all that they hold for.</param>
/// <param name="Baseline">The strategy that the others are compared with.</param>
/// <param name="Strategies">In the order of the experiment.</param>
internal sealed record ExperimentFigures(
    string Name, string Experiment, string Setting, string Baseline, IReadOnlyList<StrategyFigures> Strategies)
{
    public static ExperimentFigures Of(ExperimentSummary experiment, Manifest manifest)
    {
        string name = experiment.Plan.Name;
        return new ExperimentFigures(
            name,
            manifest.Specification[name]?["experiment"]?.GetValue<string>() ?? name,
            SettingOf(manifest, name),
            experiment.Plan.Baseline,
            [.. experiment.Strategies.Select(strategy => StrategyFigures.Of(strategy, experiment.Plan.HasQualityBelow()))]);
    }

    /// <summary>A hash over the variant's specification, what its data's files contain, and the cluster.</summary>
    private static string SettingOf(Manifest manifest, string variant)
    {
        string[] names = ["nodes", "ranksPerNode", "device", variant, $"data of {variant}"];
        return Manifest.Hash(new JsonObject(names.Select(name =>
            KeyValuePair.Create(name, manifest.Specification[name]?.DeepClone()))));
    }
}

/// <summary>A strategy's figures.</summary>
/// <param name="Strategy">The strategy.</param>
/// <param name="IsBaseline">Whether the others are compared with it.</param>
/// <param name="IsLowerBetter">Of the quality: whether smaller values are better, as of a loss.</param>
/// <param name="Summary">All that was measured of it.</param>
/// <param name="Quality">After the last epoch, over seeds.</param>
/// <param name="RelativeTraining">Training time over the baseline's, over seeds.</param>
internal sealed record StrategyFigures(
    string Strategy, bool IsBaseline, bool IsLowerBetter, StrategySummary Summary, NoisyFigure Quality, NoisyFigure RelativeTraining)
{
    public static StrategyFigures Of(StrategySummary strategy, bool isLowerBetter) => new(
        strategy.Strategy,
        strategy.IsBaseline,
        isLowerBetter,
        strategy,
        NoisyFigure.OfMean([.. strategy.Cells.Select(cell => cell.FinalQuality ?? double.NaN)]),
        NoisyFigure.OfRatios(
            [.. strategy.Cells.Select(cell => cell.RelativeTraining).OfType<double>()],
            strategy.Ratio is PairedRatio ratio ? (ratio.Low / ratio.Estimate, ratio.High / ratio.Estimate) : (double.NaN, double.NaN)));

    /// <summary>A figure in the unit of summaries: nanoseconds, bytes, items a second, shares; NaN: not measured, or no such metric.</summary>
    public double Of(string metric) => metric switch
    {
        Reference.Quality => Quality.Value,
        Reference.RelativeTraining => RelativeTraining.Value,
        Reference.TrainingTime => Summary.TrainingNs.Median,
        "step-time" => Summary.StepNs.Median,
        // A seed that missed the target has no time: then there is no figure.
        "time-to-target" => Summary.TimeToTargetNs.Count == Summary.Cells.Count ? Summary.TimeToTargetNs.Median : double.NaN,
        "items-per-second" => Summary.ItemsPerSecond.Median,
        "bytes-per-step" => Summary.BytesPerNodeStep,
        "wait-share" => Summary.WaitShare,
        _ => double.NaN,
    };
}

/// <summary>A figure of a run with the noise that the run itself shows.</summary>
/// <param name="Value">The figure.</param>
/// <param name="Error">Its standard error from the spread of the seeds, as a share of it; NaN with a single seed.</param>
/// <param name="LowFactor">Where its 95 % interval begins, as a factor of it; NaN: unknown.</param>
/// <param name="HighFactor">Where it ends.</param>
internal sealed record NoisyFigure(double Value, double Error, double LowFactor, double HighFactor)
{
    // Of fewer values, two that happen to be close make the median absolute deviation nearly nothing.
    private const int FewestSeeds = 6;

    // On normal data the median absolute deviation tells the spread as well as the standard deviation of so many times the values does
    // (Rousseeuw and Croux 1993), and the median of pair means has π/3 times the mean's variance (Hodges and Lehmann 1963).
    private const double EfficiencyOfMad = 0.3675;
    private const double VarianceOverMeans = Math.PI / 3;

    /// <summary>The mean over seeds; NaN where one has no value.</summary>
    public static NoisyFigure OfMean(double[] seeds)
    {
        double mean = Statistics.Mean(seeds);
        return new NoisyFigure(mean, Statistics.StandardDeviation(seeds) / Math.Sqrt(seeds.Length) / Math.Abs(mean), double.NaN, double.NaN);
    }

    /// <summary>
    /// Of the seeds' ratios the estimator of Hodges and Lehmann (1963) on logarithms, the median of the means of all pairs: a hiccup of
    /// the machine in one training of six moves it little. Nor does it widen the interval, which is from the median absolute deviation
    /// and holds the true ratio in 94 to 97 of 100 runs on normal noise.
    /// </summary>
    /// <param name="seeds">One for each.</param>
    /// <param name="inside">With fewer than six seeds: the interval of the bootstrap over seeds and blocks of steps, as factors.</param>
    public static NoisyFigure OfRatios(double[] seeds, (double Low, double High) inside)
    {
        double[] logs = [.. seeds.Select(seed => Math.Log(seed))];
        double[] means = [.. logs.SelectMany((left, i) => logs.Skip(i).Select(right => (left + right) / 2))];
        double root = Math.Sqrt(logs.Length);
        double value = Math.Exp(Statistics.Median(means)), error = Statistics.StandardDeviation(logs) / root;
        if (logs.Length < FewestSeeds)
            return new NoisyFigure(value, error, inside.Low, inside.High);
        double reach = NormalTheory.StudentT(0.975, EfficiencyOfMad * (logs.Length - 1)) * Math.Sqrt(VarianceOverMeans)
            * NormalTheory.DeviationOfMad * Statistics.MedianAbsoluteDeviation(logs) / root;
        return new NoisyFigure(value, error, Math.Exp(-reach), Math.Exp(reach));
    }
}
