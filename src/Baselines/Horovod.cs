using System.Diagnostics;
using System.Runtime.ExceptionServices;
using Daso.Communication;
using Daso.Models;
using Daso.Recording;
using Daso.Strategies;

namespace Daso.Baselines;

/// <summary>One rank's side of <see cref="HorovodSpec"/>: the queue that backward fills and the thread that empties it.</summary>
internal sealed class Horovod : IStrategy
{
    private readonly HorovodSpec _spec;
    private readonly StrategyContext _context;
    private readonly ICommunicator _communicator;
    private readonly FlatTensor _gradients;
    private readonly ParameterRange[] _queue;
    private readonly int[] _readyWithPart;
    private readonly ComputationPlace[] _completedAt;
    private readonly int[] _noticeOf;
    private readonly long[] _negotiated = new long[1];
    private readonly object _gate = new();
    private readonly Thread _thread;
    private int _ready;
    private int _reduced;
    private long _bytes;
    private OperationKey? _last;
    private ExceptionDispatchInfo? _failure;
    private bool _isDisposed;

    internal Horovod(HorovodSpec spec, StrategyContext context)
    {
        _spec = spec;
        _context = context;
        _gradients = context.Replica.Gradients;
        _communicator = context.Ranks.World.Split(0, "horovod");
        _queue = [.. context.Replica.ParameterRanges.Reverse()];
        _readyWithPart = [.. context.Replica.PartRanges.Select((_, part) => _queue.Count(range => range.Part >= part))];
        _completedAt = [.. context.Replica.PartRanges.Select(_ => _gradients.CreatePlace())];
        _noticeOf = new int[_queue.Length];
        _thread = new Thread(Cycle) { IsBackground = true, Name = $"horovod {context.Ranks.Rank}" };
        _thread.Start();
    }

    /// <summary>Notes where in the computation the gradients are complete: by the time the cycle thread sends them backward has gone on.</summary>
    public void PartReady(int part)
    {
        int ready = _readyWithPart[part];
        if (ready <= _ready)
            return;
        _completedAt[part].Set();
        lock (_gate)
        {
            _noticeOf.AsSpan(_ready, ready - _ready).Fill(part);
            _ready = ready;
            Monitor.PulseAll(_gate);
        }
    }

    public void BackwardDone()
    {
        PartReady(0);
        StepTimer timer = _context.Timer;
        SpanMark start = timer.Mark();
        lock (_gate)
        {
            while (_reduced < _queue.Length && _failure is null)
                Monitor.Wait(_gate);
            _failure?.Throw();
            _ready = _reduced = 0;
        }

        timer.End(SpanKind.GlobalWait, start, _bytes, _last);
        _bytes = 0;
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _isDisposed = true;
            Monitor.PulseAll(_gate);
        }

        _thread.Join();
        _communicator.Dispose();
        foreach (ComputationPlace place in _completedAt)
            place.Dispose();
    }

    private void Cycle()
    {
        try
        {
            long cycleStart = Stopwatch.GetTimestamp();
            while (WaitForWork())
            {
                TimeSpan rest = TimeSpan.FromMilliseconds(_spec.CycleMs) - Stopwatch.GetElapsedTime(cycleStart);
                if (rest > TimeSpan.Zero)
                    PreciseDelay.Sleep((long)rest.TotalNanoseconds);
                cycleStart = Stopwatch.GetTimestamp();
                ReduceUpTo(Negotiate());
            }
        }
        catch (Exception failure)
        {
            lock (_gate)
            {
                _failure = ExceptionDispatchInfo.Capture(failure);
                Monitor.PulseAll(_gate);
            }
        }
    }

    /// <summary>Sleeps while the queue is empty; false when the strategy is disposed of.</summary>
    private bool WaitForWork()
    {
        lock (_gate)
        {
            while (!_isDisposed && (_ready == 0 || _reduced == _queue.Length))
                Monitor.Wait(_gate);
            return !_isDisposed;
        }
    }

    /// <summary>
    /// How many gradients are complete on every rank. All ranks complete them in the same order, so that one number says which: what
    /// Horovod's cached bit vector comes to.
    /// </summary>
    private int Negotiate()
    {
        lock (_gate)
            _negotiated[0] = _ready;
        _bytes += _communicator.AllReduce(_negotiated, ReduceOperation.Min);
        return (int)_negotiated[0];
    }

    private void ReduceUpTo(int agreed)
    {
        for (int next = _reduced; next < agreed;)
        {
            int first = next;
            int end = _queue[first].Offset + _queue[first].Length;
            next++;
            while (next < agreed && _spec.Wire.BytesFor(end - _queue[next].Offset) <= _spec.FusionBytes)
                next++;

            int offset = _queue[next - 1].Offset;
            TensorRange message = _gradients.Range(offset, end - offset, _completedAt[_noticeOf[next - 1]]);
            PendingOperation mean = _communicator.StartAllReduce(message, ReduceOperation.Mean, _spec.Wire);
            _bytes += mean.WaitOnStream();
            _last = mean.Key();
            lock (_gate)
            {
                _reduced = next;
                Monitor.PulseAll(_gate);
            }
        }
    }
}
