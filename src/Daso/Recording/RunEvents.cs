using System.Globalization;
using System.Text.Json;
using Daso.Timing;

namespace Daso.Recording;

/// <summary>The log of a run, events.jsonl: one line an event, on disk when the call returns. Thread-safe.</summary>
/// <param name="folder">The run's folder.</param>
/// <param name="continues">Whether to add to what an earlier process has logged.</param>
/// <exception cref="UserErrorException">The file cannot be made.</exception>
internal sealed class RunEvents(RunFolder folder, bool continues = false) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly JsonLineFile _file = new(folder.Events, continues);

    /// <summary>The run begins.</summary>
    public void RunStarted() => Write("run_started", json => json.WriteString("run", folder.RunId));

    /// <summary>Another process goes on with the run; its clock starts anew.</summary>
    public void RunResumed() => Write("run_resumed", json => json.WriteString("run", folder.RunId));

    /// <summary>Damaged samples were taken out of the data.</summary>
    /// <param name="lines">A line for each.</param>
    public void SamplesLeftOut(IReadOnlyList<string> lines) => Write("samples_left_out", json =>
    {
        json.WriteStartArray("samples");
        foreach (string line in lines)
            json.WriteStringValue(line);
        json.WriteEndArray();
    });

    /// <summary>A cell goes on.</summary>
    /// <param name="cell">The cell.</param>
    /// <param name="step">Steps of its checkpoint; what was logged of later ones no longer counts.</param>
    public void CellResumed(CellId cell, int step) => Write("cell_resumed", json =>
    {
        Add(json, cell);
        json.WriteNumber("step", step);
    });

    /// <summary>A cell begins.</summary>
    public void CellStarted(CellId cell) => Write("cell_started", json => Add(json, cell));

    /// <summary>An epoch of a cell is trained and evaluated.</summary>
    /// <param name="cell">The cell.</param>
    /// <param name="epoch">From 0.</param>
    /// <param name="metrics">What came out, named as in <see cref="MetricNames"/>.</param>
    public void EpochEnded(CellId cell, int epoch, IReadOnlyList<(string Name, double Value)> metrics) => Write("epoch_ended", json =>
    {
        Add(json, cell);
        json.WriteNumber("epoch", epoch);
        foreach ((string name, double value) in metrics)
            json.WriteMeasured(name, value);
    });

    /// <summary>A cell is trained.</summary>
    /// <param name="cell">The cell.</param>
    /// <param name="parametersSha256">Of rank 0's parameters, to compare runs bit by bit.</param>
    public void CellEnded(CellId cell, string parametersSha256) => Write("cell_ended", json =>
    {
        Add(json, cell);
        json.WriteString("parameters_sha256", parametersSha256);
    });

    /// <summary>A cell failed, and the run goes on with the others.</summary>
    /// <param name="cell">The cell.</param>
    /// <param name="message">Why; one line of it is kept.</param>
    /// <param name="details">For who looks for the cause in the program: the exception with its stack.</param>
    public void CellFailed(CellId cell, string message, string details) => Write("cell_failed", json =>
    {
        Add(json, cell);
        json.WriteString("message", FailureText.OneLine(message));
        json.WriteString("details", details);
    });

    /// <summary>Something failed that ends the run.</summary>
    /// <param name="message">What; one line of it is kept.</param>
    /// <param name="cell">In which cell, if in one.</param>
    /// <param name="details">For who looks for the cause in the program: the exception with its stack. No table shows it.</param>
    public void Failed(string message, CellId? cell = null, string? details = null) => Write("failed", json =>
    {
        if (cell is not null)
            Add(json, cell);
        json.WriteString("message", FailureText.OneLine(message));
        if (details is not null)
            json.WriteString("details", details);
    });

    /// <summary>The user ended the run.</summary>
    /// <param name="cell">The cell under way, if any.</param>
    public void Cancelled(CellId? cell = null) => Write("cancelled", json =>
    {
        if (cell is not null)
            Add(json, cell);
    });

    /// <summary>The run was stopped, to be resumed.</summary>
    /// <param name="cell">The cell under way, if any.</param>
    public void Stopped(CellId? cell = null) => Write("stopped", json =>
    {
        if (cell is not null)
            Add(json, cell);
    });

    /// <summary>The run is over.</summary>
    public void RunEnded(RunOutcome outcome) => Write("run_ended", json => json.WriteString("outcome", outcome.ToString()));

    /// <inheritdoc />
    public void Dispose()
    {
        lock (_lock)
            _file.Dispose();
    }

    private static void Add(Utf8JsonWriter json, CellId cell)
    {
        json.WriteString("experiment", cell.Experiment);
        json.WriteString("strategy", cell.Strategy);
        json.WriteNumber("seed", cell.Seed);
    }

    private void Write(string name, Action<Utf8JsonWriter> addProperties)
    {
        lock (_lock)
        {
            Utf8JsonWriter json = _file.Begin();
            json.WriteString("utc", DateTime.UtcNow.ToString("O", CultureInfo.InvariantCulture));
            json.WriteNumber("time_ns", ProcessClock.NowNs);
            json.WriteString("event", name);
            addProperties(json);
            _file.End();
        }
    }
}
