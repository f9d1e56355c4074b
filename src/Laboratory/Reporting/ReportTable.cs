using System.Globalization;
using Daso.Analysis;
using Daso.Recording;

namespace Daso.Reporting;

/// <summary>An experiment's results as texts, for every format of a report.</summary>
/// <param name="Title">The experiment, its cluster and link.</param>
/// <param name="Missing">What to read before the table: which trainings are missing; null: none.</param>
/// <param name="Headers">Of the columns; the first names strategies.</param>
/// <param name="Rows">One for each strategy.</param>
/// <param name="Warnings">Why a row does not compare with the others.</param>
internal sealed record ReportTable(
    string Title,
    string? Missing,
    IReadOnlyList<string> Headers,
    IReadOnlyList<IReadOnlyList<string>> Rows,
    IReadOnlyList<string> Warnings)
{
    /// <summary>What the columns mean.</summary>
    public static IReadOnlyList<(string Column, string Meaning)> Legend { get; } =
    [
        ("Step", "the slowest rank's time: median ± median absolute deviation over the steps of all seeds"),
        ("p10…p90", "of the same times"),
        ("…/s", "of all ranks over the training time, median over seeds"),
        ("Training", "time of all epochs without evaluation, median over seeds"),
        ("Training vs", "training time over the baseline's with the same seed: median (min…max); below 1 is faster"),
        ("Step vs", "step time over the baseline's, paired by seed, with its 95 % interval by bootstrap over seeds and blocks of steps"),
        ("Verdict", FormattableString.Invariant(
            $"whether this interval lies below, above or inside 1 ± {PairedRatio.DefaultThreshold * 100:0.#} %; ")
            + "inconclusive: none of these, or too few steps for an interval; one training: another seed may differ by more than the interval"),
        ("To", "training time up to the end of the first epoch with this quality: median (seeds that reached it / seeds)"),
        ("accuracy, loss, …", "the quality on held-out data after the last epoch: mean ± standard deviation over seeds"),
        ("Sent", "bytes from a node to other nodes in a step"),
        ("Waits", "share of step time that waits: inside the node + for the network + for ranks that come later (imbalance)"),
    ];

    /// <summary>Of one experiment.</summary>
    public static ReportTable Of(RunSummary run, ExperimentSummary experiment)
    {
        PlannedExperiment plan = experiment.Plan;
        return new ReportTable(
            TitleOf(run.Cluster, plan),
            run.WarningOf(plan),
            [
                "Strategy", "Seeds", "Step", "p10…p90", $"{plan.Unit}/s", "Training", $"Training vs {plan.Baseline}",
                $"Step vs {plan.Baseline} [95 %]", "Verdict",
                plan.Target is null ? "To target" : $"To {StrategyTexts.Target(plan.Target)}", plan.QualityMetric(), "Sent", "Waits",
            ],
            [.. experiment.Strategies.Select(strategy => Row(plan, strategy))],
            [
                .. experiment.Strategies.Where(strategy => strategy.LessWork is not null)
                    .Select(strategy => $"{strategy.Strategy} did less work, so that its times do not compare: {strategy.LessWork}"),
                .. Stops.Notes(experiment),
            ]);
    }

    private static string TitleOf(RecordedCluster cluster, PlannedExperiment plan) => string.Create(
        CultureInfo.InvariantCulture,
        $"{plan.Name}: {cluster.Nodes} × {cluster.RanksPerNode} ranks on {cluster.Device}{plan.InPrecision()}, {LinkOf(plan)}, baseline {plan.Baseline}");

    /// <summary>The emulated link in words.</summary>
    public static string LinkOf(PlannedExperiment plan) => plan.Link is null
        ? "link not limited"
        : $"link {Quantity.BitRate(plan.Link.BitsPerSecond)}, {Quantity.Duration(plan.Link.LatencyNs)}";

    private static IReadOnlyList<string> Row(PlannedExperiment plan, StrategySummary strategy) =>
    [
        strategy.Strategy,
        FormattableString.Invariant($"{strategy.Cells.Count}/{plan.Seeds.Count}"),
        Quantity.Durations(strategy.StepNs.Median, " ± ", strategy.StepNs.MedianAbsoluteDeviation),
        Quantity.Durations(strategy.StepNs.P10, "…", strategy.StepNs.P90),
        Quantity.Count(strategy.ItemsPerSecond.Median),
        Quantity.Duration(strategy.TrainingNs.Median),
        RelativeTraining(strategy),
        StepRatio(strategy.Ratio),
        Verdict(strategy),
        StrategyTexts.TimeToTarget(plan, strategy),
        StrategyTexts.Quality(strategy.FinalQuality),
        Quantity.Bytes(strategy.BytesPerNodeStep),
        strategy.Cells.Count == 0 ? Quantity.Missing : Waits(strategy.Breakdown),
    ];

    private static string Waits(StepBreakdown step)
    {
        double local = step.LocalSyncNs / step.StepNs, network = step.GlobalWaitNs / step.StepNs, imbalance = step.ImbalanceNs / step.StepNs;
        return FormattableString.Invariant(
            $"{(local + network + imbalance) * 100:F0} % ({local * 100:F0} + {network * 100:F0} + {imbalance * 100:F0})");
    }

    private static string StepRatio(PairedRatio? ratio) => ratio switch
    {
        null => Quantity.Missing,
        { Low: double.NaN } => Quantity.Fixed(ratio.Estimate, 3),
        _ => $"{Quantity.Fixed(ratio.Estimate, 3)} [{Quantity.Fixed(ratio.Low, 3)}, {Quantity.Fixed(ratio.High, 3)}]",
    };

    private static string Verdict(StrategySummary strategy) => strategy switch
    {
        { LessWork: not null } => "did less work",
        { Ratio: PairedRatio ratio } => StrategyTexts.VerdictOf(ratio),
        _ => strategy.IsBaseline ? "baseline" : Quantity.Missing,
    };

    private static string RelativeTraining(StrategySummary strategy)
    {
        Spread ratio = strategy.RelativeTraining;
        string median = Quantity.Fixed(ratio.Median, 2);
        return ratio.Count < 2 || strategy.IsBaseline
            ? median
            : $"{median} ({Quantity.Fixed(ratio.Minimum, 2)}…{Quantity.Fixed(ratio.Maximum, 2)})";
    }
}
