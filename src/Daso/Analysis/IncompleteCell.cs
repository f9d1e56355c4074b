using System.Text.Json;
using Daso.Recording;

namespace Daso.Analysis;

/// <summary>A cell that was planned but not completed.</summary>
/// <param name="Cell">Which.</param>
/// <param name="Reason">"not started", "cancelled", "ended without a word" (killed), or the failure's message.</param>
public sealed record IncompleteCell(CellId Cell, string Reason)
{
    /// <summary>Cells in one line: ddp, seeds 2, 3 (cancelled); daso, seed 3 (not started). With the experiment unless it is one.</summary>
    internal static string InWords(IReadOnlyList<IncompleteCell> cells)
    {
        bool isOne = cells.Select(missing => missing.Cell.Experiment).Distinct().Count() == 1;
        return string.Join("; ", cells
            .GroupBy(missing => (missing.Cell.Experiment, missing.Cell.Strategy, missing.Reason))
            .Select(group => $"{(isOne ? "" : group.Key.Experiment + ", ")}{group.Key.Strategy}, {(group.Count() > 1 ? "seeds" : "seed")} "
                + $"{string.Join(", ", group.Select(missing => missing.Cell.Seed))} ({group.Key.Reason})"));
    }

    /// <summary>Finds the reasons in the run's events.</summary>
    internal static IReadOnlyList<IncompleteCell> Explain(RunFolder run, IReadOnlyList<CellId> cells)
    {
        var reasons = new Dictionary<CellId, string>();
        if (cells.Count > 0 && File.Exists(run.Events))
        {
            foreach (string line in File.ReadLines(run.Events))
                Note(line, reasons);
        }

        return [.. cells.Select(cell => new IncompleteCell(cell, reasons.GetValueOrDefault(cell, "not started")))];
    }

    private static void Note(string line, Dictionary<CellId, string> reasons)
    {
        try
        {
            using JsonDocument json = JsonDocument.Parse(line);
            JsonElement root = json.RootElement;
            if (!root.TryGetProperty("experiment", out JsonElement experiment))
                return;
            var cell = new CellId(experiment.GetString()!, root.GetProperty("strategy").GetString()!, root.GetProperty("seed").GetInt32());
            reasons[cell] = root.GetProperty("event").GetString() switch
            {
                "failed" => root.GetProperty("message").GetString()!,
                "cancelled" => "cancelled",
                _ => "ended without a word",
            };
        }
        catch (JsonException)
        {
            // A killed process can leave its last line cut off.
        }
    }
}
