using System.Runtime.ExceptionServices;
using static TorchSharp.torch;

namespace Daso.Data;

/// <summary>
/// Fills batches ahead of the training: workers take the samples of the epoch one by one, in order, and write them into a ring of
/// buffers that are used again and again. A sample's bits depend only on its number and epoch, so the number of workers changes nothing
/// but the speed. What a worker throws is thrown by <see cref="Next"/>, from then on.
/// </summary>
internal sealed class PrefetchingBatches : IBatchSource
{
    /// <summary>Buffers: the one that the training reads, and two to fill.</summary>
    private const int RingSize = 3;

    private readonly SampleOrder _order;
    private readonly BatchBuffer[] _ring;
    private readonly BatchDelivery _delivery;
    private readonly Thread[] _workers;

    // Everything below is guarded by _lock; every change that someone may wait for pulses it.
    private readonly object _lock = new();
    private readonly int[] _missing = new int[RingSize];
    private ExceptionDispatchInfo? _failure;
    private bool _stopping;
    private int _epoch;
    private int _busy;
    private int _fillBatch;
    private int _fillRow;
    private int _next;
    private int _released;

    /// <summary>Starts the workers; each owns the reader that it makes.</summary>
    public PrefetchingBatches(Func<SampleReader> makeReader, int threads, SampleOrder order, Device device)
    {
        _order = order;
        SampleReader[] readers = [.. Enumerable.Range(0, threads).Select(_ => makeReader())];
        SampleLayout layout = readers[0].Layout;
        _ring = [.. Enumerable.Range(0, RingSize).Select(_ => new BatchBuffer(layout, order.BatchSize, device))];
        _delivery = new BatchDelivery(layout, order.BatchSize, device);
        _fillBatch = _next = order.BatchesPerEpoch;
        _workers = [.. readers.Select((reader, i) => new Thread(() => Work(reader)) { IsBackground = true, Name = $"data-{i}" })];
        foreach (Thread worker in _workers)
            worker.Start();
    }

    /// <inheritdoc />
    public int BatchesPerEpoch => _order.BatchesPerEpoch;

    /// <inheritdoc />
    public void StartEpoch(int epoch, int firstBatch = 0)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)firstBatch, (uint)BatchesPerEpoch, nameof(firstBatch));
        lock (_lock)
        {
            _fillBatch = BatchesPerEpoch;
            while (_busy > 0)
                Monitor.Wait(_lock);
            _order.MoveTo(epoch);
            _epoch = epoch;
            _fillBatch = _next = _released = firstBatch;
            _fillRow = 0;
            Monitor.PulseAll(_lock);
        }
    }

    /// <inheritdoc />
    public Batch Next()
    {
        int batch;
        lock (_lock)
        {
            if (_next >= BatchesPerEpoch)
                throw new InvalidOperationException("no epoch was started, or its last batch was taken");
            batch = _next++;
            _released = batch;
            Monitor.PulseAll(_lock);
            while (_failure is null && (_fillBatch <= batch || _missing[batch % RingSize] > 0))
                Monitor.Wait(_lock);
            _failure?.Throw();
        }

        return _delivery.Deliver(_ring[batch % RingSize], _order.LengthOf(batch));
    }

    /// <inheritdoc />
    public void Dispose()
    {
        lock (_lock)
        {
            _stopping = true;
            Monitor.PulseAll(_lock);
        }

        foreach (Thread worker in _workers)
            worker.Join();
        foreach (BatchBuffer buffer in _ring)
            buffer.Dispose();
        _delivery.Dispose();
    }

    private void Work(SampleReader reader)
    {
        using (reader)
        {
            while (TakeSample(out int batch, out int row, out int epoch))
            {
                try
                {
                    _ring[batch % RingSize].Fill(row, reader, _order.SampleAt(batch, row), epoch);
                    FinishSample(batch, null);
                }
                catch (Exception e)
                {
                    FinishSample(batch, e);
                }
            }
        }
    }

    /// <summary>Waits for a sample to fill; false: no more, ever.</summary>
    private bool TakeSample(out int batch, out int row, out int epoch)
    {
        lock (_lock)
        {
            while (!_stopping && _failure is null && (_fillBatch >= BatchesPerEpoch || _fillBatch >= _released + RingSize))
                Monitor.Wait(_lock);
            (batch, row, epoch) = (_fillBatch, _fillRow, _epoch);
            if (_stopping || _failure is not null)
                return false;
            int length = _order.LengthOf(batch);
            if (row == 0)
                _missing[batch % RingSize] = length;
            if (++_fillRow == length)
            {
                _fillBatch++;
                _fillRow = 0;
            }

            _busy++;
            return true;
        }
    }

    private void FinishSample(int batch, Exception? failure)
    {
        lock (_lock)
        {
            _busy--;
            if (failure is not null)
                _failure ??= ExceptionDispatchInfo.Capture(failure);
            if (--_missing[batch % RingSize] == 0 || _busy == 0 || failure is not null)
                Monitor.PulseAll(_lock);
        }
    }
}
