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
    /// <summary>What it says, in sentences.</summary>
    public IReadOnlyList<string> Findings { get; init; } = [];


    private static readonly ResultColumn[] s_columns =
    [
        ResultColumns.Strategy, ResultColumns.Seeds, ResultColumns.Step, ResultColumns.StepRange, ResultColumns.Rate, ResultColumns.Training,
        ResultColumns.RelativeTraining, ResultColumns.StepRatio, ResultColumns.Verdict, ResultColumns.ToTarget, ResultColumns.Quality,
        ResultColumns.Sent, ResultColumns.Waits,
    ];

    /// <summary>What the columns of several experiments' tables mean.</summary>
    public static IReadOnlyList<(string Column, string Meaning)> LegendOf(IEnumerable<ExperimentSummary> experiments) =>
        ResultColumn.LegendOf(experiments.SelectMany(ColumnsOf).Distinct());

    private static IEnumerable<ResultColumn> ColumnsOf(ExperimentSummary experiment) =>
        experiment.HasScalingEfficiency ? [.. s_columns, ResultColumns.ScalingEfficiency] : s_columns;

    /// <summary>Of one experiment.</summary>
    public static ReportTable Of(RunSummary run, ExperimentSummary experiment)
    {
        PlannedExperiment plan = experiment.Plan;
        ResultColumn[] columns = [.. ColumnsOf(experiment)];
        return new ReportTable(
            TitleOf(run.Cluster, plan),
            run.WarningOf(plan),
            [.. columns.Select(column => column.Header(plan))],
            [.. experiment.Strategies.Select(strategy => columns.Select(column => column.Text(plan, strategy)).ToArray())],
            [
                .. experiment.Strategies.Where(strategy => strategy.LessWork is not null)
                    .Select(strategy => $"{strategy.Strategy} did less work, so that its times do not compare: {strategy.LessWork}"),
                .. Stops.Notes(experiment),
                .. LateRank.Notes(experiment, run.Cluster),
            ])
        {
            Findings = [.. Analysis.Findings.Of(experiment)],
        };
    }

    private static string TitleOf(RecordedCluster cluster, PlannedExperiment plan) => string.Create(
        CultureInfo.InvariantCulture,
        $"{plan.Name}: {cluster.Nodes} × {cluster.RanksPerNode} ranks on {cluster.Device}{plan.InPrecision()}, {LinkOf(plan)}, baseline {plan.Baseline}");

    /// <summary>The emulated link in words.</summary>
    public static string LinkOf(PlannedExperiment plan) => plan.Link is null
        ? "link not limited"
        : $"link {Quantity.BitRate(plan.Link.BitsPerSecond)}, {Quantity.Duration(plan.Link.LatencyNs)}";
}
