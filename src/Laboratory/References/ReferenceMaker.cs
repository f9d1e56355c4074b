using System.Globalization;
using Daso.Analysis;

namespace Daso.References;

/// <summary>Makes references of runs.</summary>
internal static class ReferenceMaker
{
    /// <summary>
    /// The least noise of a ratio of times from run to run that is assumed: 2 %. Runs one after the other know nothing of how a machine
    /// changes from hour to hour (docs/nightly.md has the measurement).
    /// </summary>
    public const double LeastTimeNoise = 0.02;

    /// <summary>A ratio of times may always be 5 % off.</summary>
    public const double TimeFloor = 0.05;

    private const double LeastQualityNoise = 0.001;
    private const double QualityFloor = 0.005;

    /// <summary>Makes the references of a system anew, as far as its runs go; those of other experiments stay.</summary>
    /// <param name="system">The system's name.</param>
    /// <param name="runs">At least one.</param>
    /// <param name="earlier">The system's references until now; null: none.</param>
    /// <exception cref="UserErrorException">The runs do not go together, or not with the earlier references.</exception>
    public static ReferenceFile Make(string system, IReadOnlyList<RunFigures> runs, ReferenceFile? earlier)
    {
        RunFigures first = runs[0];
        if (runs.GroupBy(run => run.RunId).FirstOrDefault(same => same.Skip(1).Any()) is { } twice)
            throw new UserErrorException($"{twice.Key}: named twice; name each run once");
        foreach (RunFigures run in runs.Skip(1))
            RequireSame(first, run);
        if (earlier is not null && !earlier.Machine.IsLike(first.Machine))
            throw new UserErrorException($"{first.RunId}: ran on {first.Machine}, {system} is {earlier.Machine}; name another file");

        ExperimentReferences[] made = [.. first.Experiments.Select((experiment, i) =>
            Make(experiment, [.. runs.Select(run => run.Experiments[i])]))];
        return new ReferenceFile(
            system,
            first.Machine,
            [.. runs.Select(run => run.RunId).Order(StringComparer.Ordinal)],
            [.. (earlier?.Experiments ?? [])
                .Where(kept => made.All(one => one.Name != kept.Name))
                .Concat(made)
                .OrderBy(experiment => experiment.Name, StringComparer.Ordinal)]);
    }

    private static void RequireSame(RunFigures first, RunFigures other)
    {
        if (!first.Machine.IsLike(other.Machine))
            throw new UserErrorException($"{other.RunId}: ran on {other.Machine}, {first.RunId} on {first.Machine}; take runs of one system");
        if (!first.Experiments.Select(Identity).SequenceEqual(other.Experiments.Select(Identity)))
            throw new UserErrorException($"{other.RunId}: another specification than {first.RunId}; take runs of the same command and data");

        static (string, string) Identity(ExperimentFigures experiment) => (experiment.Name, experiment.Setting);
    }

    private static ExperimentReferences Make(ExperimentFigures experiment, ExperimentFigures[] runs)
    {
        var references = new List<Reference>();
        for (int i = 0; i < experiment.Strategies.Count; i++)
        {
            StrategyFigures[] strategy = [.. runs.Select(run => run.Strategies[i])];
            if (strategy.Any(run => run.Summary.Cells.Any(cell => cell.FinalQuality is not null)))
                references.Add(QualityOf(strategy));
            references.Add(new Reference(
                strategy[0].Strategy,
                Reference.TrainingTime,
                Readable(strategy.Average(run => run.Summary.TrainingNs.Median) / 1e9),
                null,
                null,
                "s"));
            if (!strategy[0].IsBaseline)
                references.Add(RelativeTrainingOf(strategy));
        }

        RequireUse(experiment.Name, references);
        return new ExperimentReferences(
            experiment.Name,
            experiment.Setting,
            experiment.Baseline,
            [.. references.OrderBy(reference => reference.Metric != Reference.Quality)],
            experiment.Experiment);
    }

    /// <summary>References that cannot fail would keep quiet for ever.</summary>
    private static void RequireUse(string experiment, IReadOnlyList<Reference> references)
    {
        if (references.All(reference => reference.IsForInformation()))
            throw new UserErrorException($"{experiment}: no quality and no second strategy, so that there is nothing to hold a run against");
        Reference worst = references.Where(reference => !reference.IsForInformation())
            .MaxBy(reference => double.IsNaN(reference.Finds!.Value) ? double.PositiveInfinity : reference.Finds.Value)!;
        if (!(worst.Finds <= Tolerance.MustFind))
        {
            string from = double.IsNaN(worst.Finds!.Value) ? "no change" : $"a change only from {Quantity.Percent(worst.Finds.Value)} on";
            throw new UserErrorException(
                $"{experiment}, {worst.Strategy}, {worst.Metric}: references of these runs would find {from}, and shall find one of "
                    + $"{Quantity.Percent(Tolerance.MustFind)}; take more seeds, more runs or longer trainings, on a quiet machine");
        }
    }

    private static Reference QualityOf(StrategyFigures[] runs)
    {
        double[] values = [.. runs.Select(run => run.Quality.Value)];
        var tolerance = Tolerance.Of(values, Math.Max(LeastQualityNoise, RepetitionNoise(runs)), QualityFloor);
        bool isLowerBetter = runs[0].IsLowerBetter;
        return new Reference(
            runs[0].Strategy,
            Reference.Quality,
            Readable(Statistics.Mean(values)),
            isLowerBetter ? null : Readable(tolerance.Lower),
            isLowerBetter ? Readable(tolerance.Upper) : null,
            "1",
            Readable(tolerance.Noise),
            Readable(isLowerBetter ? tolerance.FindsRise() : tolerance.FindsFall));
    }

    /// <summary>
    /// The standard error of a run's mean quality, as a share of it. All runs train the same seeds, so that only what a seed's repetitions
    /// differ by counts: √(mean over seeds of the variance over runs / seeds). One run repeats nothing: there the spread of the seeds
    /// stands in, which a repetition hardly exceeds.
    /// </summary>
    private static double RepetitionNoise(StrategyFigures[] runs)
    {
        if (runs.Length == 1)
            return double.IsNaN(runs[0].Quality.Error) ? 0 : runs[0].Quality.Error;
        int seeds = runs[0].Summary.Cells.Count;
        double variance = Enumerable.Range(0, seeds).Average(seed => Math.Pow(
            Statistics.StandardDeviation([.. runs.Select(run => run.Summary.Cells[seed].FinalQuality ?? double.NaN)]), 2));
        return Math.Sqrt(variance / seeds) / Math.Abs(runs.Average(run => run.Quality.Value));
    }

    private static Reference RelativeTrainingOf(StrategyFigures[] runs)
    {
        double[] values = [.. runs.Select(run => run.RelativeTraining.Value)];
        double assumed = Math.Max(LeastTimeNoise, MedianOfKnown(runs.Select(run => run.RelativeTraining.Error)));
        var tolerance = Tolerance.Of(values, assumed, TimeFloor);
        double blur = MedianOfKnown(runs.Select(run => -Math.Log(run.RelativeTraining.LowFactor)));
        double mean = Math.Exp(values.Average(value => Math.Log(value)));
        return new Reference(
            runs[0].Strategy,
            Reference.RelativeTraining,
            Readable(mean),
            Readable(tolerance.Lower),
            Readable(tolerance.Upper),
            "1",
            Readable(tolerance.Noise),
            Readable(tolerance.FindsRise(blur)));
    }

    /// <summary>0 where none is known.</summary>
    private static double MedianOfKnown(IEnumerable<double> values) =>
        values.Where(double.IsFinite).ToArray() is { Length: > 0 } known ? Statistics.Median(known) : 0;

    /// <summary>Five digits: what counts, and no more that changes with every update.</summary>
    private static double Readable(double value) =>
        double.Parse(value.ToString("G5", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
}
