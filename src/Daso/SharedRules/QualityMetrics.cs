namespace Daso.SharedRules;

/// <summary>What is measured on held-out data, and what it can be.</summary>
internal static class QualityMetrics
{
    /// <summary>The metric of an experiment without a target.</summary>
    public const string Default = "accuracy";

    /// <summary>The metrics' names.</summary>
    public static readonly IReadOnlyList<string> Names = [Default, "top5", "loss"];

    /// <summary>The largest value that a metric can have: 1 for shares.</summary>
    public static double LargestOf(string metric) => metric == "loss" ? double.PositiveInfinity : 1;
}
