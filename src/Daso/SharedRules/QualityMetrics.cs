namespace Daso.SharedRules;

/// <summary>
/// What is measured on held-out data of an experiment without an objective of its own, and what it can be; a test holds it against that
/// objective's metrics.
/// </summary>
internal static class QualityMetrics
{
    /// <summary>The metric of an experiment without a target.</summary>
    public const string Default = "accuracy";

    /// <summary>The metrics' names.</summary>
    public static readonly IReadOnlyList<string> Names = [Default, "top5", "loss"];

    /// <summary>The largest value that a metric can have: 1 for shares, and unknown of another objective's.</summary>
    public static double LargestOf(string metric) => metric is Default or "top5" ? 1 : double.PositiveInfinity;
}
