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

    /// <summary>A metric's units, each with its size in the unit that summaries use; null for a metric that does not exist.</summary>
    public static IReadOnlyList<(string Name, double Size)>? UnitsOf(string name) =>
        s_metrics.FirstOrDefault(metric => metric.Name == name).Units;
}
