using System.Text.Json;
using Daso.Recording;

namespace Daso.Analysis;

/// <summary>A training loss for each epoch, from a file of numbers or from a run's record.</summary>
internal static class LossCurve
{
    private const string Expected = "a JSON array of numbers, a run's folder or its events.jsonl";

    /// <param name="path">A JSON array of numbers, a run's folder, or its events.jsonl.</param>
    /// <param name="cell">Of a run with several cells: the name of one, as its files have it.</param>
    /// <returns>At least one loss, all finite in float32.</returns>
    /// <exception cref="UserErrorException">There is no such file, or it holds no such curve.</exception>
    internal static double[] Read(string path, string? cell)
    {
        if (Directory.Exists(path))
            return ReadEvents(RunFolder.Open(path).Events, cell);
        if (Path.GetExtension(path) == ".jsonl")
            return ReadEvents(path, cell);
        if (cell is not null)
            throw new UserErrorException($"--cell {cell}: {path} is no run; leave the option out");

        JsonElement json = JsonFile.Read(path, Expected);
        if (json.ValueKind != JsonValueKind.Array)
            throw new UserErrorException($"{path}: not an array; name {Expected}");
        return NotEmpty(path, [.. json.EnumerateArray().Select((entry, i) => Finite(path, $"entry {i}", entry))]);
    }

    private static double[] ReadEvents(string path, string? cell)
    {
        Dictionary<string, List<double>> cells = CellsOf(path);
        if (cell is null && cells.Count > 1)
            throw new UserErrorException($"{path}: {cells.Count} cells; choose one with --cell: {string.Join(", ", cells.Keys)}");
        if (cell is not null && !cells.ContainsKey(cell))
            throw new UserErrorException($"--cell {cell}: not in {path}; there are {string.Join(", ", cells.Keys)}");
        return NotEmpty(path, cell is null ? [.. cells.Values.SelectMany(losses => losses)] : [.. cells[cell]]);
    }

    private static Dictionary<string, List<double>> CellsOf(string path)
    {
        var cells = new Dictionary<string, List<double>>();
        try
        {
            foreach (string line in File.ReadLines(path))
                AddEpoch(path, line, cells);
        }
        catch (Exception failure) when (FileFailure.Is(failure))
        {
            throw JsonFile.Unreadable(path, failure, Expected);
        }

        return cells;
    }

    private static void AddEpoch(string path, string line, Dictionary<string, List<double>> cells)
    {
        try
        {
            using JsonDocument json = JsonDocument.Parse(line);
            JsonElement root = json.RootElement;
            if (root.GetProperty("event").GetString() != "epoch_ended")
                return;
            string experiment = root.GetProperty("experiment").GetString()!;
            var cell = new CellId(experiment, root.GetProperty("strategy").GetString()!, root.GetProperty("seed").GetInt32());
            if (!cells.TryGetValue(cell.FileStem, out List<double>? losses))
                cells.Add(cell.FileStem, losses = []);
            losses.Add(Finite(path, $"{MetricNames.TrainLoss} of epoch {losses.Count}", root.GetProperty(MetricNames.TrainLoss)));
        }
        catch (JsonException)
        {
            // A killed process can leave its last line cut off.
        }
        catch (Exception foreign) when (foreign is KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new UserErrorException($"{path}: not the events of a run; name {Expected}");
        }
    }

    private static double Finite(string path, string where, JsonElement entry)
    {
        if (JsonFile.FiniteNumber(entry) is double number)
            return number;
        string found = entry.ValueKind == JsonValueKind.Number ? entry.GetRawText() : entry.ValueKind.ToString().ToLowerInvariant();
        throw new UserErrorException($"{path}: {where} is {found}; it must be a finite number");
    }

    private static double[] NotEmpty(string path, double[] losses) =>
        losses.Length > 0 ? losses : throw new UserErrorException($"{path}: no losses; name {Expected}");
}
