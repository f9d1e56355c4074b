namespace Daso.SharedRules;

/// <summary>What a target's bound must be.</summary>
internal static class TargetRule
{
    /// <summary>What is wrong with a target, as the end of a sentence; null: nothing.</summary>
    /// <param name="metric">One of <see cref="QualityMetrics.Names"/>.</param>
    /// <param name="atLeast">The lower bound; null: none.</param>
    /// <param name="atMost">The upper bound; null: none.</param>
    public static string? WhatIsWrong(string metric, double? atLeast, double? atMost)
    {
        if (atLeast is null == atMost is null)
            return atLeast is null ? "has no bound" : "has two bounds";
        double bound = atLeast ?? atMost!.Value;
        if (double.IsNaN(bound) || double.IsInfinity(bound))
            return "has a bound that is not finite";
        if (bound < 0)
            return "has a bound below 0";
        return bound > QualityMetrics.LargestOf(metric) ? "has a bound above 1 for a share" : null;
    }
}
