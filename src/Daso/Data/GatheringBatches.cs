using static TorchSharp.torch;

namespace Daso.Data;

/// <summary>Fills each batch when it is asked for, on the caller's thread: for data in memory, where a sample costs microseconds.</summary>
internal sealed class GatheringBatches : IBatchSource
{
    private readonly SampleReader _reader;
    private readonly SampleOrder _order;
    private readonly BatchBuffer _buffer;
    private readonly BatchDelivery _delivery;
    private int _epoch;
    private int _next;

    /// <summary>Owns the reader.</summary>
    public GatheringBatches(SampleReader reader, SampleOrder order, Device device)
    {
        _reader = reader;
        _order = order;
        _buffer = new BatchBuffer(reader.Layout, order.BatchSize, device);
        _delivery = new BatchDelivery(reader.Layout, order.BatchSize, device);
        _next = order.BatchesPerEpoch;
    }

    /// <inheritdoc />
    public int BatchesPerEpoch => _order.BatchesPerEpoch;

    /// <inheritdoc />
    public void StartEpoch(int epoch, int firstBatch = 0)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)firstBatch, (uint)BatchesPerEpoch, nameof(firstBatch));
        _order.MoveTo(epoch);
        _epoch = epoch;
        _next = firstBatch;
    }

    /// <inheritdoc />
    public Batch Next()
    {
        if (_next >= BatchesPerEpoch)
            throw new InvalidOperationException("no epoch was started, or its last batch was taken");
        int batch = _next++;
        int length = _order.LengthOf(batch);
        _delivery.WaitUntilRead();
        for (int row = 0; row < length; row++)
            _buffer.Fill(row, _reader, _order.SampleAt(batch, row), _epoch);
        return _delivery.Deliver(_buffer, length);
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _reader.Dispose();
        _buffer.Dispose();
        _delivery.Dispose();
    }
}
