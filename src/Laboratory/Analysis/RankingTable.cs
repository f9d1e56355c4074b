using Daso.Recording;
using Spectre.Console;

namespace Daso.Analysis;

/// <summary>Shows strategies in the order in which they reach the target, beside what each sends, keeps and brings into agreement.</summary>
internal static class RankingTable
{
    private const string Title = "To the target";

    private static readonly ResultColumn[] s_columns =
    [
        ResultColumns.Strategy, ResultColumns.ToTarget, ResultColumns.Quality, ResultColumns.Sent,
        Of("Memory", policy => policy.Memory, "bytes a rank beside parameters, gradients and the optimizer's state; n: trainable parameters, G: ranks a node"),
        Of("Averaged", policy => policy.Averaged, "what ranks exchange"),
        Of("Momentum", policy => policy.Momentum, "the local optimizer's state: the same on all ranks, or each rank's own"),
        Of("Batch norm", policy => policy.BatchNorm, "its running statistics: each rank's own, or whose all take"),
    ];

    /// <summary>What the columns mean that other tables do not have.</summary>
    public static readonly IReadOnlyList<(string Column, string Meaning)> Legend =
    [
        (Title, "the strategies that most seeds took to the target first, then by the time; then by the quality after the last epoch"),
        .. ResultColumn.LegendOf(s_columns[4..]),
    ];

    /// <summary>Writes the table.</summary>
    public static void Write(ExperimentSummary experiment, IAnsiConsole console) =>
        TableLayout.Write(console, experiment with { Strategies = Ranked(experiment) }, s_columns, Title);

    /// <summary>The strategies in the order of the table.</summary>
    internal static IReadOnlyList<StrategySummary> Ranked(ExperimentSummary experiment)
    {
        double sign = experiment.Plan.HasQualityBelow() ? 1 : -1;
        return
        [
            .. experiment.Strategies
                .OrderByDescending(strategy => strategy.TimeToTargetNs.Count)
                .ThenBy(strategy => strategy.TimeToTargetNs.Count == 0 ? 0 : strategy.TimeToTargetNs.Median)
                .ThenBy(strategy => sign * strategy.FinalQuality.Mean),
        ];
    }

    private static ResultColumn Of(string header, Func<RecordedPolicy, string> text, string meaning) =>
        new(_ => header, (plan, strategy) => plan.Policies?.GetValueOrDefault(strategy.Strategy) is RecordedPolicy policy ? text(policy) : Quantity.Missing)
        {
            Legend = (header, meaning),
        };
}
