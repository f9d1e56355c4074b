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

    /// <summary>Training time over the baseline's: 0.65 (0.63…0.68).</summary>
    public static string RelativeTraining(StrategySummary strategy)
    {
        Spread ratio = strategy.RelativeTraining;
        string median = Quantity.Fixed(ratio.Median, 2);
        return ratio.Count < 2 || strategy.IsBaseline
            ? median
            : $"{median} ({Quantity.Fixed(ratio.Minimum, 2)}…{Quantity.Fixed(ratio.Maximum, 2)})";
    }

    /// <summary>A ratio with its interval: 0.650 [0.630, 0.680].</summary>
    public static string Ratio(PairedRatio? ratio) => ratio switch
    {
        null => Quantity.Missing,
        { Low: double.NaN } => Quantity.Fixed(ratio.Estimate, 3),
        _ => $"{Quantity.Fixed(ratio.Estimate, 3)} [{Quantity.Fixed(ratio.Low, 3)}, {Quantity.Fixed(ratio.High, 3)}]",
    };

    /// <summary>A ratio with its interval and verdict: 0.50 (0.48…0.52) faster.</summary>
    public static string JudgedRatio(PairedRatio? ratio)
    {
        if (ratio is null)
            return Quantity.Missing;
        string interval = double.IsFinite(ratio.Low) ? $"{Quantity.Fixed(ratio.Low, 2)}…{Quantity.Fixed(ratio.High, 2)}" : Quantity.Missing;
        return $"{Quantity.Fixed(ratio.Estimate, 2)} ({interval}) {VerdictOf(ratio)}";
    }

    /// <summary>A verdict's colour; null: none.</summary>
    public static string? ColourOf(PairedRatio? ratio) =>
        ratio?.Verdict switch { Verdict.Faster => "green", Verdict.Slower => "red", _ => null };

    /// <summary>What a strategy's ratio says, where there is one that compares.</summary>
    public static string VerdictOf(StrategySummary strategy) => strategy switch
    {
        { LessWork: not null } => "did less work",
        { Ratio: PairedRatio ratio } => VerdictOf(ratio),
        _ => strategy.IsBaseline ? "baseline" : Quantity.Missing,
    };

    /// <summary>The share of a step that waits: 30 % (5 + 20 + 5).</summary>
    public static string Waits(StrategySummary strategy)
    {
        if (strategy.Cells.Count == 0)
            return Quantity.Missing;
        StepBreakdown step = strategy.Breakdown;
        double local = step.LocalSyncNs / step.StepNs, network = step.GlobalWaitNs / step.StepNs, imbalance = step.ImbalanceNs / step.StepNs;
        return FormattableString.Invariant(
            $"{(local + network + imbalance) * 100:F0} % ({local * 100:F0} + {network * 100:F0} + {imbalance * 100:F0})");
    }

    /// <summary>Garbage collections by generation: 3 + 1 + 0.</summary>
    public static string Collections(StrategySummary strategy) => strategy.Cells.Count == 0
        ? Quantity.Missing
        : FormattableString.Invariant($"{strategy.Collections.Gen0} + {strategy.Collections.Gen1} + {strategy.Collections.Gen2}");

    /// <summary>What a ratio's interval says: faster, slower, same, inconclusive, one training.</summary>
    public static string VerdictOf(PairedRatio ratio) =>
        ratio.Verdict == Verdict.OneTraining ? "one training" : ratio.Verdict.ToString().ToLowerInvariant();

    /// <summary>What is to be reached: ≥ 0.94.</summary>
    public static string Target(TargetQuality target) => string.Create(
        CultureInfo.InvariantCulture, $"{(target.Direction == TargetDirection.AtLeast ? '≥' : '≤')} {target.Value}");
}
