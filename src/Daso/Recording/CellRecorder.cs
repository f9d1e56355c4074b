using System.Text.Json;

namespace Daso.Recording;

/// <summary>
/// Records one rank of one cell: for the Parquet files that <see cref="Complete"/> closes, and step by step in a log that survives a kill.
/// The memory of a row group is made at the start, so that no step allocates; full groups are written between steps.
/// </summary>
internal sealed class CellRecorder : IRecorder, IDisposable
{
    private const int RowsPerGroup = 1 << 16;

    private readonly CellClock _clock;
    private readonly JsonLineFile _log;
    private readonly Rows<SpanRow> _spans = new();
    private readonly Rows<MetricRow> _metrics = new();
    private readonly ParquetTable _spanTable;
    private readonly ParquetTable _metricTable;
    private int _loggedSpans;
    private int _loggedMetrics;
    private int _epoch;
    private int _step;

    /// <summary>Starts to record a cell's training from its first step.</summary>
    /// <param name="folder">The run's folder.</param>
    /// <param name="cell">The cell.</param>
    /// <param name="rank">The rank; nobody else writes its files.</param>
    /// <exception cref="UserErrorException">The log cannot be made.</exception>
    public CellRecorder(RunFolder folder, CellId cell, int rank)
        : this(folder, cell, rank, new CellClock(), continues: false)
    {
    }

    private CellRecorder(RunFolder folder, CellId cell, int rank, CellClock clock, bool continues)
    {
        _spanTable = new ParquetTable(folder.Timings(cell, rank),
        [
            .. CellColumns(folder.RunId, cell, rank, row => _spans[row].Epoch, row => _spans[row].Step),
            new ParquetTexts("span", row => SpanNames.Of(_spans[row].Kind)),
            new ParquetNumbers<long>("start_ns", row => _spans[row].StartNs),
            new ParquetNumbers<long>("duration_ns", row => _spans[row].DurationNs),
            new ParquetNumbers<long>("bytes", row => _spans[row].Bytes),
            new ParquetNumbers<long>("group", row => _spans[row].Operation?.Group ?? RecordFormat.NoOperation),
            new ParquetNumbers<long>("operation", row => _spans[row].Operation?.Sequence ?? RecordFormat.NoOperation),
        ]);
        _metricTable = new ParquetTable(folder.Metrics(cell, rank),
        [
            .. CellColumns(folder.RunId, cell, rank, row => _metrics[row].Epoch, row => _metrics[row].Step),
            new ParquetTexts("metric", row => _metrics[row].Name),
            new ParquetNumbers<double>("value", row => _metrics[row].Value),
        ]);
        _clock = clock;
        _log = new JsonLineFile(folder.StepEvents(cell, rank), continues);
    }

    /// <summary>Goes on with the log of an interrupted training and takes up what it says of the steps before the checkpoint.</summary>
    /// <param name="folder">The run's folder.</param>
    /// <param name="cell">The cell.</param>
    /// <param name="rank">The rank.</param>
    /// <param name="step">Steps of the checkpoint.</param>
    /// <param name="clock">Of all ranks of the cell.</param>
    /// <exception cref="UserErrorException">The log lacks a step, or cannot be read or written.</exception>
    internal static CellRecorder Continue(RunFolder folder, CellId cell, int rank, int step, CellClock clock)
    {
        IReadOnlyList<LoggedStep> steps = StepLog.ReadBefore(folder.StepEvents(cell, rank), step);
        var recorder = new CellRecorder(folder, cell, rank, clock, continues: true);
        StepLog.WriteResumption(recorder._log, step);
        recorder.TakeUp(steps);
        return recorder;
    }

    /// <inheritdoc />
    public long NowNs => _clock.NowNs;

    /// <inheritdoc />
    /// <exception cref="UserErrorException">A file cannot be written.</exception>
    public void MoveTo(int epoch, int step)
    {
        _clock.Start();
        EndStep();
        _epoch = epoch;
        _step = step;
    }

    /// <inheritdoc />
    public void Span(SpanKind kind, long startNs, long durationNs, long bytes = 0, OperationKey? operation = null) =>
        _spans.Add(new SpanRow(startNs, durationNs, bytes, operation, _epoch, _step, kind));

    /// <inheritdoc />
    public void Metric(string name, double value) => _metrics.Add(new MetricRow(name, value, _epoch, _step));

    /// <inheritdoc />
    /// <exception cref="UserErrorException">A file cannot be written.</exception>
    public void EndStep()
    {
        Log();
        if (_spans.Count >= RowsPerGroup)
            WriteSpans();
        if (_metrics.Count >= RowsPerGroup)
            WriteMetrics();
    }

    /// <summary>Closes the Parquet files, at the end of the cell.</summary>
    /// <exception cref="UserErrorException">One of them cannot be written.</exception>
    public void Complete()
    {
        Log();
        _spanTable.Complete(_spans.Count);
        _metricTable.Complete(_metrics.Count);
    }

    /// <summary>Closes the log. What was recorded stays readable there, whether the cell was completed or not.</summary>
    public void Dispose()
    {
        _log.Dispose();
        _spanTable.Dispose();
        _metricTable.Dispose();
    }

    private void Log()
    {
        if (_loggedSpans == _spans.Count && _loggedMetrics == _metrics.Count)
            return;

        Utf8JsonWriter json = _log.Begin();
        json.WriteNumber("epoch", _epoch);
        json.WriteNumber("step", _step);
        json.WriteStartArray("spans");
        for (; _loggedSpans < _spans.Count; _loggedSpans++)
            Write(json, _spans[_loggedSpans]);
        json.WriteEndArray();
        json.WriteStartObject("metrics");
        for (; _loggedMetrics < _metrics.Count; _loggedMetrics++)
            json.WriteMeasured(_metrics[_loggedMetrics].Name, _metrics[_loggedMetrics].Value);
        json.WriteEndObject();
        _log.End();
    }

    private void WriteSpans()
    {
        _spanTable.Append(_spans.Count);
        _spans.Clear();
        _loggedSpans = 0;
    }

    private void WriteMetrics()
    {
        _metricTable.Append(_metrics.Count);
        _metrics.Clear();
        _loggedMetrics = 0;
    }

    private void TakeUp(IReadOnlyList<LoggedStep> steps)
    {
        foreach (LoggedStep logged in steps)
        {
            (_epoch, _step) = (logged.Epoch, logged.Step);
            foreach (LoggedSpan span in logged.Spans)
            {
                Span(span.Kind, span.StartNs, span.DurationNs, span.Bytes, span.Operation);
                _clock.ContinueAfter(span.StartNs + span.DurationNs);
            }

            foreach ((string name, double value) in logged.Metrics)
                Metric(name, value);
            // They are in the log already.
            (_loggedSpans, _loggedMetrics) = (_spans.Count, _metrics.Count);
            EndStep();
        }
    }

    private static void Write(Utf8JsonWriter json, in SpanRow span)
    {
        json.WriteStartArray();
        json.WriteStringValue(SpanNames.Json(span.Kind));
        json.WriteNumberValue(span.StartNs);
        json.WriteNumberValue(span.DurationNs);
        json.WriteNumberValue(span.Bytes);
        if (span.Operation is OperationKey operation)
        {
            json.WriteNumberValue(operation.Group);
            json.WriteNumberValue(operation.Sequence);
        }

        json.WriteEndArray();
    }

    private static ParquetColumn[] CellColumns(string run, CellId cell, int rank, Func<int, int> epoch, Func<int, int> step) =>
    [
        new ParquetTexts("run", _ => run),
        new ParquetTexts("experiment", _ => cell.Experiment),
        new ParquetTexts("strategy", _ => cell.Strategy),
        new ParquetNumbers<int>("seed", _ => cell.Seed),
        new ParquetNumbers<int>("rank", _ => rank),
        new ParquetNumbers<int>("epoch", epoch),
        new ParquetNumbers<int>("step", step),
    ];

    private readonly record struct SpanRow(
        long StartNs, long DurationNs, long Bytes, OperationKey? Operation, int Epoch, int Step, SpanKind Kind);

    private readonly record struct MetricRow(string Name, double Value, int Epoch, int Step);

    /// <summary>An array that grows to a row group, and beyond it only for a step that does not fit; its rows are read in place.</summary>
    private sealed class Rows<T>
        where T : struct
    {
        // The step that fills a group may bring more rows than are left of it.
        private T[] _rows = new T[RowsPerGroup + (RowsPerGroup / 8)];

        public int Count { get; private set; }

        public ref readonly T this[int row] => ref _rows[row];

        public void Add(in T row)
        {
            if (Count == _rows.Length)
                Array.Resize(ref _rows, Count * 2);
            _rows[Count++] = row;
        }

        public void Clear() => Count = 0;
    }
}
