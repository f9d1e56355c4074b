using System.Runtime.ExceptionServices;
using System.Threading.Channels;
using static TorchSharp.torch;

namespace Daso.Data;

/// <summary>
/// Fills batches ahead of the training into a ring of buffers that are used again and again. A buffer to fill goes to every worker; they
/// take its rows one by one, and when the last of them has found no row left, it goes back to the training. A sample's bits depend only
/// on its number and epoch, so the number of workers changes nothing but the speed. What a worker throws is thrown by
/// <see cref="Next"/>, from then on.
/// </summary>
internal sealed class PrefetchingBatches : IBatchSource
{
    /// <summary>Buffers: the one that the training reads, and two to fill.</summary>
    private const int RingSize = 3;

    private readonly SampleOrder _order;
    private readonly RingBuffer[] _ring;
    private readonly BatchDelivery _delivery;
    private readonly Channel<RingBuffer>[] _toFill;
    private readonly Thread[] _workers;
    private ExceptionDispatchInfo? _failure;
    private volatile bool _isAbandoned;
    private int _epoch;
    private int _next;
    private int _handedOut;

    /// <summary>Starts the workers; each owns the reader that it makes.</summary>
    public PrefetchingBatches(Func<SampleReader> makeReader, int threads, SampleOrder order, Device device)
    {
        _order = order;
        SampleReader[] readers = [.. Enumerable.Range(0, threads).Select(_ => makeReader())];
        SampleLayout layout = readers[0].Layout;
        _ring = [.. Enumerable.Range(0, RingSize).Select(_ => new RingBuffer(new BatchBuffer(layout, order.BatchSize, device)))];
        _delivery = new BatchDelivery(layout, order.BatchSize, device);
        _next = _handedOut = order.BatchesPerEpoch;
        _toFill = [.. readers.Select(_ => OneToOne())];
        _workers = [.. readers.Select((reader, i) => new Thread(() => Work(reader, _toFill[i])) { IsBackground = true, Name = $"data-{i}" })];
        foreach (Thread worker in _workers)
            worker.Start();
    }

    /// <inheritdoc />
    public int BatchesPerEpoch => _order.BatchesPerEpoch;

    /// <inheritdoc />
    public void StartEpoch(int epoch, int firstBatch = 0)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)firstBatch, (uint)BatchesPerEpoch, nameof(firstBatch));
        Abandon();
        _delivery.WaitUntilRead();
        _order.MoveTo(epoch);
        _epoch = epoch;
        _next = _handedOut = firstBatch;
        HandOutUpTo(firstBatch + RingSize);
    }

    /// <inheritdoc />
    public Batch Next()
    {
        if (_next >= BatchesPerEpoch)
            throw new InvalidOperationException("no epoch was started, or its last batch was taken");
        _failure?.Throw();

        // The buffer that was delivered last is free again.
        _delivery.WaitUntilRead();
        HandOutUpTo(_next + RingSize);
        RingBuffer filled = Take();
        _failure?.Throw();
        return _delivery.Deliver(filled.Buffer, filled.Length);
    }

    /// <inheritdoc />
    public void Dispose()
    {
        Abandon();
        foreach (Channel<RingBuffer> channel in _toFill)
            channel.Writer.Complete();
        foreach (Thread worker in _workers)
            worker.Join();
        foreach (RingBuffer one in _ring)
            one.Dispose();
        _delivery.Dispose();
    }

    private static Channel<RingBuffer> OneToOne() => Channel.CreateBounded<RingBuffer>(
        new BoundedChannelOptions(RingSize) { SingleReader = true, AllowSynchronousContinuations = true });

    /// <summary>Gives the buffers of batches before this one to the workers.</summary>
    private void HandOutUpTo(int end)
    {
        for (; _handedOut < Math.Min(end, BatchesPerEpoch); _handedOut++)
        {
            RingBuffer buffer = _ring[_handedOut % RingSize];
            buffer.Prepare(_handedOut, _order.LengthOf(_handedOut), _workers.Length);
            foreach (Channel<RingBuffer> channel in _toFill)
                channel.Writer.TryWrite(buffer);
        }
    }

    /// <summary>Waits until the next batch's buffer is filled.</summary>
    private RingBuffer Take()
    {
        RingBuffer filled = _ring[_next++ % RingSize];
        _failure ??= filled.WaitUntilFilled();
        return filled;
    }

    /// <summary>Takes back all buffers that the workers have; they leave the rest of the rows as they are.</summary>
    private void Abandon()
    {
        _isAbandoned = true;
        while (_next < _handedOut)
            Take();
        _isAbandoned = false;
    }

    private void Work(SampleReader reader, Channel<RingBuffer> toFill)
    {
        using var buffers = new BlockingReader<RingBuffer>(toFill.Reader);
        using (reader)
        {
            while (buffers.TryTake(out RingBuffer? buffer))
            {
                while (buffer.TryTakeRow(out int row))
                {
                    if (!_isAbandoned)
                        buffer.Fill(row, reader, _order.SampleAt(buffer.Batch, row), _epoch);
                }

                buffer.WorkerDone();
            }
        }
    }

    /// <summary>A buffer and how far it is filled.</summary>
    private sealed class RingBuffer : IDisposable
    {
        private readonly Channel<ExceptionDispatchInfo?> _filled = Channel.CreateBounded<ExceptionDispatchInfo?>(
            new BoundedChannelOptions(1) { SingleReader = true, AllowSynchronousContinuations = true });
        private readonly BlockingReader<ExceptionDispatchInfo?> _reader;
        private ExceptionDispatchInfo? _failure;
        private int _nextRow;
        private int _workers;

        public RingBuffer(BatchBuffer buffer)
        {
            Buffer = buffer;
            _reader = new BlockingReader<ExceptionDispatchInfo?>(_filled.Reader);
        }

        public BatchBuffer Buffer { get; }

        /// <summary>The batch that it is filled with.</summary>
        public int Batch { get; private set; }

        /// <summary>The batch's samples.</summary>
        public int Length { get; private set; }

        /// <summary>Before it is handed out; no worker has it.</summary>
        public void Prepare(int batch, int length, int workers)
        {
            (Batch, Length, _nextRow, _workers) = (batch, length, 0, workers);
        }

        /// <summary>The next row to fill; false: none is left.</summary>
        public bool TryTakeRow(out int row)
        {
            row = Interlocked.Increment(ref _nextRow) - 1;
            return row < Length;
        }

        /// <summary>Fills a row, unless another one has failed.</summary>
        public void Fill(int row, SampleReader reader, int sample, int epoch)
        {
            if (Volatile.Read(ref _failure) is not null)
                return;
            try
            {
                Buffer.Fill(row, reader, sample, epoch);
            }
            catch (Exception e)
            {
                Interlocked.CompareExchange(ref _failure, ExceptionDispatchInfo.Capture(e), null);
            }
        }

        /// <summary>A worker has found no row left.</summary>
        public void WorkerDone()
        {
            if (Interlocked.Decrement(ref _workers) == 0)
                _filled.Writer.TryWrite(_failure);
        }

        /// <summary>Waits for all workers; returns what one has thrown.</summary>
        public ExceptionDispatchInfo? WaitUntilFilled()
        {
            _reader.TryTake(out ExceptionDispatchInfo? failure);
            return failure;
        }

        public void Dispose()
        {
            _reader.Dispose();
            Buffer.Dispose();
        }
    }
}
