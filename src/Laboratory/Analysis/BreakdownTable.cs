using Spectre.Console;

namespace Daso.Analysis;

/// <summary>Shows where a step's time goes: a row for each strategy.</summary>
internal static class BreakdownTable
{
    private const string Title = "Where time goes";

    private static readonly ResultColumn[] s_columns =
    [
        ResultColumns.Strategy, ResultColumns.MeanStep, .. ResultColumns.Parts, ResultColumns.Allocated, ResultColumns.GarbageCollections,
    ];

    /// <summary>What its columns mean.</summary>
    public static readonly IReadOnlyList<(string Column, string Meaning)> Legend =
    [
        (Title, "the parts of a step, means over ranks, steps and seeds; they add up to Mean"),
        .. ResultColumn.LegendOf(s_columns),
    ];

    /// <summary>Writes the table.</summary>
    public static void Write(ExperimentSummary experiment, IAnsiConsole console) => TableLayout.Write(console, experiment, s_columns, Title);
}
