using Daso.Recording;

namespace Daso.Analysis;

/// <summary>A cell of a run and of its replay.</summary>
/// <param name="Cell">The cell.</param>
/// <param name="First">SHA-256 of the parameters that the run ended with.</param>
/// <param name="Second">Of the replay.</param>
internal sealed record ReplayedCell(CellId Cell, string First, string Second)
{
    /// <summary>Whether all bits are the same.</summary>
    public bool IsSame => First == Second;
}

/// <summary>
/// A run beside its replay: bits where the same program ran on a machine of the same kind, statistics where it did not.
/// </summary>
/// <param name="Cells">Those that both have trained, in the order of the run.</param>
/// <param name="WhyStatistics">What keeps bits from being the same; null: they must be.</param>
/// <param name="Comparison">Times and qualities.</param>
internal sealed record ReplayComparison(IReadOnlyList<ReplayedCell> Cells, string? WhyStatistics, RunComparison Comparison)
{
    /// <summary>A ratio to the baseline or a quality may be 5 % off: what differs between machines is not in the interval.</summary>
    private const double Threshold = 0.05;

    /// <summary>Reads both.</summary>
    /// <param name="first">The run's folder.</param>
    /// <param name="second">The replay's.</param>
    /// <exception cref="UserErrorException">A file cannot be read.</exception>
    public static ReplayComparison Of(string first, string second)
    {
        RecordedRun one = RecordedRun.Open(first), other = RecordedRun.Open(second);
        IReadOnlyDictionary<CellId, string> replayed = other.Log.ParameterHashes();
        return new ReplayComparison(
            [
                .. one.Log.ParameterHashes()
                    .Where(cell => replayed.ContainsKey(cell.Key))
                    .Select(cell => new ReplayedCell(cell.Key, cell.Value, replayed[cell.Key])),
            ],
            Difference(one.Manifest, other.Manifest),
            RunComparison.Of(new RunSet(first, [one]), new RunSet(second, [other]), force: true, Threshold));
    }

    /// <summary>What differs: cells whose bits do, or figures that lie further apart than their noise; empty: it is reproduced.</summary>
    public IReadOnlyList<string> Differences() => WhyStatistics is null
        ?
        [
            .. Cells.Where(cell => !cell.IsSame).Select(cell => FormattableString.Invariant(
                $"{cell.Cell.Experiment}, {cell.Cell.Strategy}, seed {cell.Cell.Seed}: other parameters at the end")),
        ]
        : [.. Comparison.Experiments.SelectMany(experiment => experiment.Strategies.SelectMany(strategy => Differences(experiment, strategy)))];

    /// <summary>What the figures are too few or too noisy to show; empty: all is shown.</summary>
    public IReadOnlyList<string> NotShown() => WhyStatistics is null
        ? []
        : [.. Comparison.Experiments.SelectMany(experiment => experiment.Strategies.SelectMany(strategy => NotShown(experiment, strategy)))];

    private static IEnumerable<string> NotShown(ExperimentComparison experiment, StrategyComparison strategy)
    {
        QualityDifference quality = strategy.Quality;
        double reach = Math.Abs(quality.Difference) + quality.HalfWidth, most = Threshold * Math.Abs(quality.A.Mean);
        if (double.IsNaN(reach))
            yield return $"{experiment.Name}, {strategy.Strategy}: {experiment.QualityMetric} has no interval; it takes two seeds";
        else if (reach > most)
        {
            yield return FormattableString.Invariant(
                $"{experiment.Name}, {strategy.Strategy}: {experiment.QualityMetric} may be off by {reach:G3}, more than {most:G3}; it takes more seeds");
        }

        if (strategy.Strategy != experiment.Baseline && strategy.Relative is not { Verdict: Verdict.Faster or Verdict.Slower or Verdict.Same })
        {
            yield return FormattableString.Invariant(
                $"{experiment.Name}, {strategy.Strategy}: the ratio to {experiment.Baseline} {Interval(strategy.Relative)}; ")
                + "it takes more seeds or steps";
        }
    }

    private static string Interval(PairedRatio? ratio) => ratio is { Low: not double.NaN }
        ? FormattableString.Invariant($"may be {ratio.Low:F3}…{ratio.High:F3} of what it was")
        : "has no interval";

    private static IEnumerable<string> Differences(ExperimentComparison experiment, StrategyComparison strategy)
    {
        QualityDifference quality = strategy.Quality;
        if (Math.Abs(quality.Difference) > quality.HalfWidth)
        {
            yield return FormattableString.Invariant(
                $"{experiment.Name}, {strategy.Strategy}: {experiment.QualityMetric} is off by {quality.Difference:G3}, more than {quality.HalfWidth:G3}");
        }

        if (strategy.Relative is { Verdict: Verdict.Faster or Verdict.Slower } ratio)
        {
            yield return FormattableString.Invariant(
                $"{experiment.Name}, {strategy.Strategy}: the ratio to {experiment.Baseline} is {ratio.Estimate:F3} of what it was ({ratio.Low:F3}…{ratio.High:F3})");
        }
    }

    /// <summary>The first thing that keeps parameters from being the same bit by bit.</summary>
    private static string? Difference(Manifest one, Manifest other)
    {
        (string What, string First, string Second)[] facts =
        [
            ("specification", one.SpecificationHash, other.SpecificationHash),
            ("processor", one.Hardware.Processor, other.Hardware.Processor),
            ("GPUs", string.Join(", ", one.Hardware.Gpus), string.Join(", ", other.Hardware.Gpus)),
            (".NET", one.Software.Runtime, other.Software.Runtime),
            .. one.Software.Packages.Keys.Union(other.Software.Packages.Keys).Where(package => package != "Daso").Select(package =>
                (package, one.Software.Packages.GetValueOrDefault(package, "absent"), other.Software.Packages.GetValueOrDefault(package, "absent"))),
            ("threads per rank", Setting(one, "threadsPerRank"), Setting(other, "threadsPerRank")),
        ];
        if (facts.FirstOrDefault(fact => fact.First != fact.Second) is { What: not null } found)
            return $"another {found.What}: {found.First} → {found.Second}";
        return one.Cluster.Device == "cpu" ? null : $"on {one.Cluster.Device} kernels may add in another order";

        static string Setting(Manifest manifest, string name) => manifest.Settings.GetValueOrDefault(name, "unknown");
    }
}
