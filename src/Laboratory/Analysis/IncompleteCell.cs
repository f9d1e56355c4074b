using Daso.Recording;

namespace Daso.Analysis;

/// <summary>A cell that was planned but not completed.</summary>
/// <param name="Cell">Which.</param>
/// <param name="Reason">
/// "not started", "cancelled", "stopped", "ended without a word" (killed), "under way" and "not started yet" (of a run that goes on), "a file of its
/// records is not there", "failed: " and why, or what ended the run in it.
/// </param>
internal sealed record IncompleteCell(CellId Cell, string Reason)
{
    private const string EndedWithoutAWord = "ended without a word";

    /// <summary>Cells in one line: ddp, seeds 2, 3 (cancelled); daso, seed 3 (not started). With the experiment unless it is one.</summary>
    internal static string InWords(IReadOnlyList<IncompleteCell> cells)
    {
        bool isOne = cells.Select(missing => missing.Cell.Experiment).Distinct().Count() == 1;
        return string.Join("; ", cells
            .GroupBy(missing => (missing.Cell.Experiment, missing.Cell.Strategy, missing.Reason))
            .Select(group => $"{(isOne ? "" : group.Key.Experiment + ", ")}{group.Key.Strategy}, {(group.Count() > 1 ? "seeds" : "seed")} "
                + $"{string.Join(", ", group.Select(missing => missing.Cell.Seed))} ({group.Key.Reason})"));
    }

    /// <summary>Finds the reasons in the run's log.</summary>
    /// <param name="log">The log.</param>
    /// <param name="cells">The cells.</param>
    /// <param name="goesOn">Whether the run does: the cell of its last event is then under way.</param>
    internal static IReadOnlyList<IncompleteCell> Explain(RunLog log, IReadOnlyList<CellId> cells, bool goesOn = false)
    {
        LoggedEvent[] events = [.. log.Events.Where(one => one.Cell is not null)];
        var reasons = new Dictionary<CellId, string>();
        foreach (LoggedEvent one in events)
            reasons[one.Cell!] = ReasonOf(one);
        if (goesOn && events is [.., { Cell: CellId last }] && reasons[last] == EndedWithoutAWord)
            reasons[last] = "under way";
        return [.. cells.Select(cell => new IncompleteCell(cell, reasons.GetValueOrDefault(cell, goesOn ? "not started yet" : "not started")))];
    }

    private static string ReasonOf(LoggedEvent last) => last.Name switch
    {
        "failed" => last.Message,
        "cell_failed" => $"failed: {last.Message}",
        "cancelled" or "stopped" => last.Name,
        "cell_ended" => "a file of its records is not there",
        _ => EndedWithoutAWord,
    };
}
