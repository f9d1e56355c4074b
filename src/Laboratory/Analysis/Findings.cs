namespace Daso.Analysis;

/// <summary>What an experiment found, in a sentence for each strategy.</summary>
internal static class Findings
{
    /// <summary>
    /// How each strategy's training time and quality compare with the baseline's with the same seeds. Strategies that did less work are left
    /// out. Where the baseline has a form with the same ending as a strategy's name (ddp-bf16 for daso-bf16), they send in one format, and
    /// the sentence says that ratio, too.
    /// </summary>
    /// <param name="experiment">The experiment.</param>
    public static IEnumerable<string> Of(ExperimentSummary experiment)
    {
        if (experiment.Strategies.FirstOrDefault(strategy => strategy.IsBaseline) is not { Cells.Count: > 0 } baseline)
            return [];
        return experiment.Strategies
            .Where(strategy => strategy is { IsBaseline: false, LessWork: null, RelativeTraining.Count: > 0 })
            .Select(strategy => $"{strategy.Strategy} took {StrategyTexts.RelativeTraining(strategy)} of {baseline.Strategy}'s training time"
                + $"{AtEqualFormat(experiment, strategy, baseline)}; {Quality(experiment, strategy, baseline)}");
    }

    private static string AtEqualFormat(ExperimentSummary experiment, StrategySummary strategy, StrategySummary baseline)
    {
        int dash = strategy.Strategy.LastIndexOf('-');
        string like = dash < 0 ? "" : baseline.Strategy + strategy.Strategy[dash..];
        if (experiment.Strategies.FirstOrDefault(one => one.Strategy == like) is not StrategySummary other || other == strategy)
            return "";
        Spread ratio = Spread.Of(
            from cell in strategy.Cells
            join with in other.Cells on cell.Seed equals with.Seed
            select (double)cell.TrainingNs / with.TrainingNs);
        return ratio.Count == 0 ? "" : $", {Quantity.Fixed(ratio.Median, 2)} of {like}'s, which sends in the same format";
    }

    /// <summary>Both qualities, and whether they are told apart by the paired interval over seeds (Student's t, 95 %).</summary>
    private static string Quality(ExperimentSummary experiment, StrategySummary strategy, StrategySummary baseline)
    {
        var quality = QualityDifference.Of(BySeed(baseline), BySeed(strategy));
        string seeds = FormattableString.Invariant($"{quality.A.Count} seed{(quality.A.Count == 1 ? "" : "s")}");
        if (quality.A.Count == 0)
            return "no quality of both was measured";
        string both = $"{experiment.Plan.QualityMetric()} {Quantity.Fixed(quality.B.Mean, 3)} against {Quantity.Fixed(quality.A.Mean, 3)}";
        if (double.IsNaN(quality.HalfWidth))
            return $"{both} ({seeds})";
        return Math.Abs(quality.Difference) <= quality.HalfWidth
            ? $"{both}, not told apart ({seeds})"
            : $"{both}, a difference of {Quantity.Fixed(quality.Difference, 3)} ± {Quantity.Fixed(quality.HalfWidth, 3)} ({seeds})";
    }

    private static Dictionary<int, double> BySeed(StrategySummary strategy) => strategy.Cells
        .Where(cell => cell.FinalQuality is not null)
        .ToDictionary(cell => cell.Seed, cell => cell.FinalQuality!.Value);
}
