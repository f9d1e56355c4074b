using Daso.Recording;

namespace Daso.Analysis;

/// <summary>
/// A column of results: what is above it, what it means, what a strategy's cell reads and what it is of one training. The console's tables,
/// the pages, LaTeX and CSV are views of it.
/// </summary>
/// <param name="Header">What stands above it, for an experiment.</param>
/// <param name="Text">A strategy's cell.</param>
internal sealed record ResultColumn(Func<PlannedExperiment, string> Header, Func<PlannedExperiment, StrategySummary, string> Text)
{
    /// <summary>Its entry in a legend: the word it is found by, and what it means; null: its header says all.</summary>
    public (string Column, string Meaning)? Legend { get; init; }

    /// <summary>The colour of a strategy's cell on a console; null: the console's.</summary>
    public Func<StrategySummary, string?> Colour { get; init; } = static _ => null;

    /// <summary>The numbers behind it, of one training and in full precision.</summary>
    public IReadOnlyList<TrainingValue> Values { get; init; } = [];

    /// <summary>A column whose header is the same for every experiment and whose cells need nothing of the plan.</summary>
    /// <param name="header">What stands above it.</param>
    /// <param name="text">A strategy's cell.</param>
    public static ResultColumn Of(string header, Func<StrategySummary, string> text) => new(_ => header, (_, strategy) => text(strategy));

    /// <summary>The legend of several columns.</summary>
    public static IReadOnlyList<(string Column, string Meaning)> LegendOf(IEnumerable<ResultColumn> columns) =>
        [.. columns.Select(column => column.Legend).OfType<(string, string)>()];
}

/// <summary>A number of one training.</summary>
/// <param name="Id">Its name in files, with its unit: step_median_ns.</param>
/// <param name="Of">Reads it; null or NaN: there is none.</param>
internal sealed record TrainingValue(string Id, Func<ExperimentSummary, CellSummary, object?> Of);
