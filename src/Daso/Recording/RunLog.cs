using System.Globalization;
using System.Text.Json;

namespace Daso.Recording;

/// <summary>A line of a run's log.</summary>
/// <param name="Name">What happened: cell_started, epoch_ended, …</param>
/// <param name="Cell">In which cell; null: in none.</param>
internal sealed record LoggedEvent(string Name, CellId? Cell)
{
    /// <summary>When, by the calendar; null: the line does not say.</summary>
    public DateTimeOffset? Utc { get; init; }

    /// <summary>When, by the clock of the spans; null: the line does not say.</summary>
    public long? TimeNs { get; init; }

    /// <summary>Why something failed, in one line.</summary>
    public string Message { get; init; } = "";

    /// <summary>Of a cell that is trained: the SHA-256 of rank 0's parameters.</summary>
    public string ParametersSha256 { get; init; } = "";

    /// <summary>Of an epoch: what came out, by name; as the line has it, since not all that is a number there is one.</summary>
    public IReadOnlyDictionary<string, JsonElement> Metrics { get; init; } = new Dictionary<string, JsonElement>();

    /// <exception cref="KeyNotFoundException">It is no line that a run writes.</exception>
    public static LoggedEvent Parse(JsonElement line)
    {
        string name = line.GetProperty("event").GetString()!;
        return new LoggedEvent(name, line.TryGetProperty("experiment", out _) ? CellOf(line) : null)
        {
            Utc = line.TryGetProperty("utc", out JsonElement utc)
                ? DateTimeOffset.Parse(utc.GetString()!, CultureInfo.InvariantCulture)
                : null,
            TimeNs = line.TryGetProperty("time_ns", out JsonElement time) ? time.GetInt64() : null,
            Message = name is "failed" or "cell_failed" ? FailureText.OneLine(line.GetProperty("message").GetString()!) : "",
            ParametersSha256 = name == "cell_ended" ? line.GetProperty("parameters_sha256").GetString()! : "",
            Metrics = name == "epoch_ended" ? line.EnumerateObject().ToDictionary(one => one.Name, one => one.Value) : [],
        };
    }

    private static CellId CellOf(JsonElement line) => new(
        line.GetProperty("experiment").GetString()!, line.GetProperty("strategy").GetString()!, line.GetProperty("seed").GetInt32());
}

/// <summary>What the log of a run, events.jsonl, says.</summary>
/// <param name="Events">In order.</param>
internal sealed record RunLog(IReadOnlyList<LoggedEvent> Events)
{
    /// <summary>Reads a log; a line that a kill has cut off is left out.</summary>
    /// <param name="path">The file; one that was never made has no events.</param>
    /// <exception cref="UserErrorException">It cannot be read, or holds a line that no run writes.</exception>
    public static RunLog Read(string path)
    {
        var events = new List<LoggedEvent>();
        JsonLines.Read(path, line => events.Add(LoggedEvent.Parse(line)));
        return new RunLog(events);
    }

    /// <summary>Of every cell that is trained, the SHA-256 of rank 0's parameters.</summary>
    public IReadOnlyDictionary<CellId, string> ParameterHashes()
    {
        var ended = new Dictionary<CellId, string>();
        foreach (LoggedEvent one in Events.Where(one => one.Name == "cell_ended"))
            ended[one.Cell!] = one.ParametersSha256;
        return ended;
    }

    /// <summary>The cells that are trained, and whose records are there.</summary>
    /// <param name="folder">The run's folder.</param>
    /// <param name="ranks">The run's ranks.</param>
    public IReadOnlySet<CellId> Ended(RunFolder folder, int ranks) =>
        ParameterHashes().Keys.Where(cell => folder.HasRecords(cell, ranks)).ToHashSet();

    /// <summary>The cells whose last training failed by itself, and why; cells that an ended run has interrupted are not among them.</summary>
    public IReadOnlyDictionary<CellId, string> Failed()
    {
        var failed = new Dictionary<CellId, string>();
        foreach (LoggedEvent one in Events.Where(one => one.Cell is not null))
        {
            if (one.Name == "cell_failed")
                failed[one.Cell!] = one.Message;
            else
                failed.Remove(one.Cell!);
        }

        return failed;
    }
}
