using System.Text.Json;
using Daso.Recording;

namespace Daso.Analysis;

/// <summary>A cell that was planned but not completed.</summary>
/// <param name="Cell">Which.</param>
/// <param name="Reason">
/// "not started", "cancelled", "ended without a word" (killed), "a file of its records is not there", or the failure's message.
/// </param>
public sealed record IncompleteCell(CellId Cell, string Reason)
{
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
                "cell_ended" => "a file of its records is not there",
                _ => "ended without a word",
            };
        }
        catch (JsonException)
        {
            // A killed process can leave its last line cut off.
        }
    }
}
