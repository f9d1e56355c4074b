using System.Text.Json;

namespace Daso.Analysis;

/// <summary>A setting that differs between two sides.</summary>
/// <param name="Setting">Its path in the manifest.</param>
/// <param name="A">Its values in A's runs; empty: it is not there.</param>
/// <param name="B">In B's.</param>
internal sealed record SettingDifference(string Setting, IReadOnlyList<string> A, IReadOnlyList<string> B)
{
    internal static IReadOnlyList<SettingDifference> Between(
        SortedDictionary<string, SortedSet<string>> a, SortedDictionary<string, SortedSet<string>> b) =>
    [
        .. a.Keys.Union(b.Keys).Order(StringComparer.Ordinal)
            .Select(path => new SettingDifference(path, [.. a.GetValueOrDefault(path) ?? []], [.. b.GetValueOrDefault(path) ?? []]))
            .Where(difference => !difference.A.SequenceEqual(difference.B)),
    ];
}

/// <summary>One side of a comparison.</summary>
/// <param name="Path">The run's folder, or the folder of runs.</param>
/// <param name="Runs">The runs' ids.</param>
/// <param name="SpecificationHash">What they ran.</param>
/// <param name="Missing">Of each run that did not complete its plan, the cells that it lacks.</param>
internal sealed record ComparedSide(string Path, IReadOnlyList<string> Runs, string SpecificationHash, IReadOnlyList<CutRun> Missing)
{
    /// <summary>Of each run that goes on, a line that says so.</summary>
    internal IReadOnlyList<string> GoesOn { get; init; } = [];
}

/// <summary>A run that did not complete its plan.</summary>
/// <param name="Run">Its id.</param>
/// <param name="Planned">Cells that were planned.</param>
/// <param name="Cells">Those that are missing.</param>
internal sealed record CutRun(string Run, int Planned, IReadOnlyList<IncompleteCell> Cells)
{
    /// <summary>What is missing, in one line.</summary>
    internal string InWords() =>
        FormattableString.Invariant($"{Run} lacks {Cells.Count} of {Planned} cells: {IncompleteCell.InWords(Cells)}");

    /// <summary>Null: the run is complete.</summary>
    internal static CutRun? Of(RunSummary run) => run.Incomplete.Count == 0
        ? null
        : new CutRun(run.RunId, run.Experiments.Sum(experiment => experiment.Plan.Cells().Count()), run.Incomplete);
}

/// <summary>A quality on two sides, paired by seed.</summary>
/// <param name="A">Over A's seeds, each the mean of its runs.</param>
/// <param name="B">Over B's.</param>
/// <param name="Difference">Mean over seeds of B less A.</param>
/// <param name="HalfWidth">Half of its 95 % interval (Student's paired t); NaN: fewer than two seeds.</param>
internal sealed record QualityDifference(Spread A, Spread B, double Difference, double HalfWidth)
{
    internal static QualityDifference Of(IReadOnlyDictionary<int, double> a, IReadOnlyDictionary<int, double> b)
    {
        int[] seeds = [.. a.Keys.Intersect(b.Keys)];
        Spread difference = Spread.Of(seeds.Select(seed => b[seed] - a[seed]));
        return new QualityDifference(
            Spread.Of(seeds.Select(seed => a[seed])),
            Spread.Of(seeds.Select(seed => b[seed])),
            difference.Mean,
            seeds.Length < 2
                ? double.NaN
                : NormalTheory.StudentT(0.975, seeds.Length - 1) * difference.StandardDeviation / Math.Sqrt(seeds.Length));
    }
}

/// <summary>One strategy on two sides.</summary>
/// <param name="Strategy">Its name.</param>
/// <param name="Seeds">Those that both sides have completed: what is compared.</param>
/// <param name="StepNsA">Mean step time of A, nanoseconds; a geometric mean over trainings.</param>
/// <param name="StepNsB">Of B.</param>
/// <param name="Step">Step time of B over that of A: the program, and whatever the machine did in between.</param>
/// <param name="Relative">The change of the ratio to the baseline, B over A; the machine's drift cancels. Null: no pairs.</param>
/// <param name="Quality">The final quality.</param>
internal sealed record StrategyComparison(
    string Strategy,
    IReadOnlyList<int> Seeds,
    double StepNsA,
    double StepNsB,
    PairedRatio Step,
    PairedRatio? Relative,
    QualityDifference Quality);

/// <summary>One experiment's variant on two sides.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Baseline">The strategy that ratios refer to.</param>
/// <param name="QualityMetric">The metric of the final quality.</param>
/// <param name="Strategies">Those of both sides.</param>
internal sealed record ExperimentComparison(
    string Name, string Baseline, string QualityMetric, IReadOnlyList<StrategyComparison> Strategies);

/// <summary>Two runs, or two sets of runs, compared.</summary>
/// <param name="A">The earlier, or the reference.</param>
/// <param name="B">The one that is judged.</param>
/// <param name="Specification">Settings that differ. Not empty: the sides are different benchmarks, and the numbers do not compare.</param>
/// <param name="Environment">Commit, cluster, hardware, software and settings that differ.</param>
/// <param name="Experiments">What both sides have.</param>
internal sealed record RunComparison(
    ComparedSide A,
    ComparedSide B,
    IReadOnlyList<SettingDifference> Specification,
    IReadOnlyList<SettingDifference> Environment,
    IReadOnlyList<ExperimentComparison> Experiments)
{
    /// <summary>Whether the sides ran the same benchmark.</summary>
    public bool IsSameBenchmark => A.SpecificationHash == B.SpecificationHash;

    /// <summary>Compares.</summary>
    /// <param name="pathA">A run's folder or a folder of runs.</param>
    /// <param name="pathB">Likewise.</param>
    /// <param name="force">Whether to compare different benchmarks.</param>
    /// <param name="threshold">The difference of times that matters, as a share of 1.</param>
    /// <exception cref="UserErrorException">A folder holds no run, or they differ in specification, or have nothing in common.</exception>
    public static RunComparison Of(string pathA, string pathB, bool force, double threshold = PairedRatio.DefaultThreshold) =>
        Of(RunSet.Read(pathA), RunSet.Read(pathB), force, threshold);

    /// <summary>Compares.</summary>
    internal static RunComparison Of(RunSet a, RunSet b, bool force, double threshold)
    {
        string hashA = a.SpecificationHash(), hashB = b.SpecificationHash();
        IReadOnlyList<SettingDifference> specification = SettingDifference.Between(a.Specification(), b.Specification());
        if (hashA != hashB && !force)
        {
            string settings = specification.Count == 0 ? "the order of settings" : string.Join(", ", specification.Take(5).Select(Show));
            string more = specification.Count > 5 ? $" and {specification.Count - 5} more" : "";
            throw new UserErrorException(
                $"{a.Path} has specification {hashA[..12]}, {b.Path} {hashB[..12]}; they differ in {settings}{more}; "
                + "different benchmarks do not compare; --force does it all the same");
        }

        ExperimentComparison[] experiments = [.. SideComparison.Experiments(a, b, threshold)];
        if (experiments.Length == 0)
            throw new UserErrorException($"{a.Path} and {b.Path}: no strategy of an experiment was trained to its end with the same seed on both sides");
        return new RunComparison(
            Side(a, hashA),
            Side(b, hashB),
            specification,
            SettingDifference.Between(a.Environment(), b.Environment()),
            experiments);
    }

    /// <summary>The comparison as indented JSON; numbers that are missing are null.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, SummaryJson.Readable.RunComparison);

    internal static string Show(SettingDifference difference) =>
        $"{difference.Setting}: {Show(difference.A)} → {Show(difference.B)}";

    private static string Show(IReadOnlyList<string> values) => values.Count == 0 ? "(absent)" : string.Join(" | ", values);

    private static ComparedSide Side(RunSet runs, string hash) =>
        new(runs.Path, [.. runs.Manifests.Select(manifest => manifest.RunId)], hash, [.. runs.Summaries.Select(CutRun.Of).OfType<CutRun>()])
        {
            GoesOn = [.. runs.Summaries.Select(summary => summary.GoesOn).OfType<string>()],
        };
}
