using System.Globalization;
using Daso.Recording;
using Daso.Specification;

namespace Daso.Analysis;

/// <summary>A strategy's results in words, the same in every table.</summary>
internal static class StrategyTexts
{
    /// <summary>Training time to the target and how many seeds reached it: 8.60 s (2/2), or missed (0/2).</summary>
    public static string TimeToTarget(PlannedExperiment plan, StrategySummary strategy)
    {
        if (plan.Target is null || strategy.Cells.Count == 0)
            return Quantity.Missing;
        Spread reached = strategy.TimeToTargetNs;
        string time = reached.Count == 0 ? "missed" : Quantity.Duration(reached.Median);
        return FormattableString.Invariant($"{time} ({reached.Count}/{strategy.Cells.Count})");
    }

    /// <summary>Mean ± standard deviation over seeds: 0.964 ± 0.001.</summary>
    public static string Quality(Spread quality) => quality.Count < 2
        ? Quantity.Fixed(quality.Mean, 3)
        : $"{Quantity.Fixed(quality.Mean, 3)} ± {Quantity.Fixed(quality.StandardDeviation, 3)}";

    /// <summary>What a ratio's interval says: faster, slower, same, inconclusive, one training.</summary>
    public static string VerdictOf(PairedRatio ratio) =>
        ratio.Verdict == Verdict.OneTraining ? "one training" : ratio.Verdict.ToString().ToLowerInvariant();

    /// <summary>What is to be reached: ≥ 0.94.</summary>
    public static string Target(TargetQuality target) => string.Create(
        CultureInfo.InvariantCulture, $"{(target.Direction == TargetDirection.AtLeast ? '≥' : '≤')} {target.Value}");
}
