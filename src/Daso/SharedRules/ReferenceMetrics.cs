namespace Daso.SharedRules;

/// <summary>The figures of a strategy that can have a reference, and the units that a reference can be written in.</summary>
internal static class ReferenceMetrics
{
    private static readonly (string Name, double Size)[] s_shares = [("1", 1)];

    private static readonly (string Name, double Size)[] s_times =
        [("ns", 1), ("us", 1e3), ("ms", 1e6), ("s", 1e9), ("min", 60e9), ("h", 3600e9)];

    private static readonly (string Name, double Size)[] s_bytes = [("B", 1), ("kB", 1e3), ("MB", 1e6), ("GB", 1e9)];

    private static readonly (string Name, (string Name, double Size)[] Units)[] s_metrics =
    [
        ("step-time", s_times),
        ("training-time", s_times),
        ("relative-training", s_shares),
        ("time-to-target", s_times),
        ("items-per-second", [("1/s", 1)]),
        ("bytes-per-step", s_bytes),
        ("wait-share", s_shares),
        ("quality", s_shares),
    ];

    /// <summary>The metrics' names.</summary>
    public static IEnumerable<string> Names => s_metrics.Select(metric => metric.Name);

    /// <summary>The largest value that a metric can have; a share is at most 1.</summary>
    /// <param name="name">The metric.</param>
    /// <param name="quality">What is measured on held-out data.</param>
    public static double LargestOf(string name, string quality) => name switch
    {
        "quality" => QualityMetrics.LargestOf(quality),
        "wait-share" => 1,
        _ => double.PositiveInfinity,
    };

    /// <summary>Why there is no figure to hold against a reference; null: there is one.</summary>
    /// <param name="name">The metric.</param>
    /// <param name="isBaseline">Whether the reference is of the baseline.</param>
    /// <param name="hasTarget">Whether the experiment has a target.</param>
    public static string? WhyNothingToHold(string name, bool isBaseline, bool hasTarget) => name switch
    {
        "relative-training" when isBaseline => "the baseline's time over its own is always 1; name another strategy",
        "time-to-target" when !hasTarget => "the experiment has no target; add [Target(…)]",
        _ => null,
    };

    /// <summary>A metric's units, each with its size in the unit that summaries use; null for a metric that does not exist.</summary>
    public static IReadOnlyList<(string Name, double Size)>? UnitsOf(string name) =>
        s_metrics.FirstOrDefault(metric => metric.Name == name).Units;
}
