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

    /// <summary>The losses that a run's log has of a cell.</summary>
    /// <exception cref="UserErrorException">It has none.</exception>
    internal static double[] Of(RecordedRun run, CellId cell) => Of(run.Folder.Events, run.Log, cell.FileStem);

    private static double[] ReadEvents(string path, string? cell)
    {
        if (!File.Exists(path))
            throw JsonFile.Unreadable(path, new FileNotFoundException(), Expected);
        RunLog log;
        try
        {
            log = RunLog.Read(path);
        }
        catch (UserErrorException foreign) when (foreign.ExitCode == ExitCode.Usage)
        {
            throw NoEvents(path);
        }

        return Of(path, log, cell);
    }

    private static double[] Of(string path, RunLog log, string? cell)
    {
        Dictionary<string, List<double>> cells = CellsOf(path, log);
        if (cell is null && cells.Count > 1)
            throw new UserErrorException($"{path}: {cells.Count} cells; choose one with --cell: {string.Join(", ", cells.Keys)}");
        if (cell is not null && !cells.ContainsKey(cell))
            throw new UserErrorException($"--cell {cell}: not in {path}; there are {string.Join(", ", cells.Keys)}");
        return NotEmpty(path, cell is null ? [.. cells.Values.SelectMany(losses => losses)] : [.. cells[cell]]);
    }

    private static Dictionary<string, List<double>> CellsOf(string path, RunLog log)
    {
        var cells = new Dictionary<string, List<double>>();
        foreach (LoggedEvent epoch in log.Events.Where(one => one.Name == "epoch_ended"))
        {
            if (epoch.Cell is null || !epoch.Metrics.TryGetValue(MetricNames.TrainLoss, out JsonElement loss))
                throw NoEvents(path);
            if (!cells.TryGetValue(epoch.Cell.FileStem, out List<double>? losses))
                cells.Add(epoch.Cell.FileStem, losses = []);
            losses.Add(Finite(path, $"{MetricNames.TrainLoss} of epoch {losses.Count}", loss));
        }

        return cells;
    }

    private static UserErrorException NoEvents(string path) => new($"{path}: not the events of a run; name {Expected}");

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
