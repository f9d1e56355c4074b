using Daso.Timing;

namespace Daso.Recording;

/// <summary>
/// Measures one rank's steps without stopping its device. A span begins and ends by marks where the work is done: at the host's clock where
/// the host computes, else on the device's stream, which the host runs ahead of. Such marks are read when they have passed, in their
/// order, and what was reported meanwhile waits for them.
/// </summary>
/// <remarks>
/// On a device a time is the host's at the epoch's first mark, which is waited for, plus the device's between the marks since then: long
/// sums of a device's single-precision milliseconds would lose the nanoseconds, and the two clocks drift apart.
/// </remarks>
public sealed class StepTimer : IDisposable
{
    private readonly IRecorder _recorder;
    private readonly IStreamMarks? _marks;
    private readonly MarkTime[] _times = [];
    private readonly Queue<Report> _reports = new();
    private long _set;
    private long _read;
    private int _epoch = -1;

    /// <summary>Measures by the host's clock.</summary>
    /// <param name="recorder">Takes what is measured.</param>
    public StepTimer(IRecorder recorder)
        : this(recorder, null)
    {
    }

    /// <param name="recorder">Takes what is measured.</param>
    /// <param name="marks">The marks of the stream that the rank's device computes on; null: the host computes.</param>
    internal StepTimer(IRecorder recorder, IStreamMarks? marks)
    {
        _recorder = recorder;
        _marks = marks;
        if (marks is not null)
            _times = new MarkTime[marks.Count];
    }

    /// <summary>Marks the present place in the rank's work.</summary>
    public SpanMark Mark()
    {
        if (_marks is null)
            return new SpanMark(_recorder.NowNs);
        if (_set - _read == MostAhead)
        {
            ReadUpTo(_read + 1);
            Deliver();
        }

        int place = PlaceOf(_set);
        _marks.Set(place);
        _times[place].StoppedNs = ProcessClock.StoppedNs;
        return new SpanMark(_set++);
    }

    /// <summary>Ends a span at the present place.</summary>
    /// <param name="kind">What it was spent on.</param>
    /// <param name="start">Where it began.</param>
    /// <returns>Where it ends: where the next may begin.</returns>
    public SpanMark End(SpanKind kind, SpanMark start) => End(kind, start, 0, null);

    /// <summary>Ends a span of communication at the present place.</summary>
    /// <param name="kind">What it was spent on.</param>
    /// <param name="start">Where it began.</param>
    /// <param name="bytes">Bytes that it sent over this node's link, booked on this rank.</param>
    /// <param name="operation">The operation, of several the last; null: none in particular.</param>
    /// <returns>Where it ends.</returns>
    public SpanMark End(SpanKind kind, SpanMark start, long bytes, OperationKey? operation)
    {
        SpanMark end = Mark();
        if (_marks is null)
            _recorder.Span(kind, start.Value, end.Value - start.Value, bytes, operation);
        else
            _reports.Enqueue(new Report(ReportKind.Span) { Span = kind, Start = start, End = end, Bytes = bytes, Operation = operation });
        return end;
    }

    /// <summary>Records a metric at the current position.</summary>
    public void Metric(string name, double value)
    {
        if (_reports.Count == 0)
            _recorder.Metric(name, value);
        else
            _reports.Enqueue(new Report(ReportKind.Metric) { Name = name, Value = value });
    }

    /// <summary>Sets the position that later spans and metrics belong to. At a new epoch's first step what is under way is waited for.</summary>
    /// <param name="epoch">From 0.</param>
    /// <param name="step">From 0, over the whole training.</param>
    public void MoveTo(int epoch, int step)
    {
        if (epoch != _epoch)
            Flush();
        if (_reports.Count == 0)
            _recorder.MoveTo(epoch, step);
        else
            _reports.Enqueue(new Report(ReportKind.Move) { Epoch = epoch, Step = step });
        if (epoch != _epoch)
            Anchor();
        _epoch = epoch;
    }

    /// <summary>The step at the current position is over: it is recorded as soon as its marks have passed.</summary>
    public void EndStep()
    {
        if (_reports.Count == 0)
        {
            _recorder.EndStep();
            return;
        }

        _reports.Enqueue(new Report(ReportKind.EndStep));
        while (_read < _set && _marks!.IsPassed(PlaceOf(_read)))
            ReadNext();
        Deliver();
    }

    /// <summary>Waits for all marks, and records what was reported so far.</summary>
    public void Flush()
    {
        ReadUpTo(_set);
        Deliver();
    }

    /// <summary>Frees the marks; what has not been recorded by then is lost.</summary>
    public void Dispose() => _marks?.Dispose();

    /// <summary>Takes the host's time for that of a mark which is passed at once: nothing is queued.</summary>
    private void Anchor()
    {
        if (_marks is null)
            return;
        int place = PlaceOf(Mark().Value);
        WaitFor(place);
        _times[place].Ns = _recorder.NowNs;
        _read = _set;
    }

    private void ReadUpTo(long end)
    {
        while (_read < end)
        {
            WaitFor(PlaceOf(_read));
            ReadNext();
        }
    }

    /// <summary>The device goes on while the process is stopped, or idles then: the clock of the records does not count a stop.</summary>
    private void ReadNext()
    {
        ref MarkTime time = ref _times[PlaceOf(_read)];
        if (_read == 0)
        {
            time.Ns = _recorder.NowNs;
        }
        else
        {
            ref readonly MarkTime previous = ref _times[PlaceOf(_read - 1)];
            long elapsedNs = _marks!.ElapsedNs(PlaceOf(_read - 1), PlaceOf(_read));
            time.Ns = previous.Ns + Math.Max(0, elapsedNs - (time.StoppedNs - previous.StoppedNs));
        }

        _read++;
    }

    private void WaitFor(int place)
    {
        var spin = default(SpinWait);
        while (!_marks!.IsPassed(place))
            spin.SpinOnce();
    }

    private void Deliver()
    {
        while (_reports.TryPeek(out Report report) && (report.Kind != ReportKind.Span || report.End.Value < _read))
        {
            _reports.Dequeue();
            switch (report.Kind)
            {
                case ReportKind.Span:
                    long startNs = TimeOf(report.Start), endNs = TimeOf(report.End);
                    _recorder.Span(report.Span, startNs, endNs - startNs, report.Bytes, report.Operation);
                    break;
                case ReportKind.Metric:
                    _recorder.Metric(report.Name!, report.Value);
                    break;
                case ReportKind.Move:
                    _recorder.MoveTo(report.Epoch, report.Step);
                    break;
                default:
                    _recorder.EndStep();
                    break;
            }
        }
    }

    private long TimeOf(SpanMark mark) => mark.Value >= _set - _times.Length
        ? _times[PlaceOf(mark.Value)].Ns
        : throw new InvalidOperationException($"a span began {_set - mark.Value} marks ago; {_times.Length} are kept");

    /// <summary>Marks that may be unread: half of them, so that a span that waits for its end still has its start.</summary>
    private int MostAhead => _times.Length / 2;

    private int PlaceOf(long mark) => (int)(mark % _times.Length);

    private enum ReportKind : byte
    {
        Span,
        Metric,
        Move,
        EndStep,
    }

    /// <summary>When a mark was passed, and how long the process had been stopped by when it was set; nanoseconds.</summary>
    private record struct MarkTime(long Ns, long StoppedNs);

    /// <summary>What waits for marks that were set before it.</summary>
    private readonly record struct Report(ReportKind Kind)
    {
        public SpanKind Span { get; init; }

        public SpanMark Start { get; init; }

        public SpanMark End { get; init; }

        public long Bytes { get; init; }

        public OperationKey? Operation { get; init; }

        public string? Name { get; init; }

        public double Value { get; init; }

        public int Epoch { get; init; }

        public int Step { get; init; }
    }
}
