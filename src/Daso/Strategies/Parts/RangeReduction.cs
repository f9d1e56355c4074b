using Daso.Communication;
using Daso.Models;
using Daso.Recording;

namespace Daso.Strategies;

/// <summary>
/// An all-reduce of a range of a flat tensor over a group, in place: at once, or started here and finished where it is needed, while the
/// computation goes on. It travels in messages of at most a chunk, the remainder first and then full ones, as the reference of DASO sends
/// them; how it is split changes no result. Every rank of the group starts and finishes the same ranges in the same order.
/// </summary>
public sealed class RangeReduction
{
    private readonly FlatTensor _tensor;
    private readonly FlatRange _range;
    private readonly ICommunicator _group;
    private readonly int _chunkElements;
    private readonly PendingOperation[] _chunks;
    private long _bytes;

    /// <summary>Prepares it; nothing is sent.</summary>
    /// <param name="tensor">What is reduced, float32. Between start and finish the range is not to be touched.</param>
    /// <param name="range">Which elements; may be none.</param>
    /// <param name="group">Over whom.</param>
    /// <param name="chunkElements">The largest message, at least 1 element.</param>
    public RangeReduction(FlatTensor tensor, FlatRange range, ICommunicator group, int chunkElements = int.MaxValue)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(chunkElements, 1);
        _tensor = tensor;
        _range = range;
        _group = group;
        _chunkElements = chunkElements;
        _chunks = new PendingOperation[(int)(((long)range.Length + chunkElements - 1) / chunkElements)];
    }

    /// <summary>For a whole tensor.</summary>
    public RangeReduction(FlatTensor tensor, ICommunicator group)
        : this(tensor, new FlatRange(0, tensor.Length), group)
    {
    }

    /// <summary>Whether it has been started and not been waited for.</summary>
    public bool IsUnderWay { get; private set; }

    /// <summary>Whether <see cref="Finish"/> would return at once.</summary>
    internal bool IsDone
    {
        get
        {
            if (!IsUnderWay)
                return true;
            foreach (PendingOperation chunk in _chunks)
            {
                if (!chunk.IsCompleted)
                    return false;
            }

            return true;
        }
    }

    /// <summary>The last message, for the span that waits for it; null: none was sent since the start or a checkpoint.</summary>
    public OperationKey? LastOperation { get; private set; }

    /// <summary>Starts all messages.</summary>
    /// <param name="operation">What becomes of the ranks' values.</param>
    /// <param name="wire">How they travel; null: as float32.</param>
    public void Start(ReduceOperation operation, WireFormat? wire = null)
    {
        if (IsUnderWay)
            throw new InvalidOperationException("a reduction is finished before it is started again");
        IsUnderWay = true;
        for (int i = 0; i < _chunks.Length; i++)
        {
            FlatRange chunk = Chunk(i);
            _chunks[i] = _group.StartAllReduce(_tensor.Range(chunk.Offset, chunk.Length), operation, wire);
            LastOperation = _chunks[i].Key();
        }
    }

    /// <summary>
    /// Waits for what was started: the range then holds the result. Returns the bytes booked on this rank for it, once; 0 if nothing was
    /// started since.
    /// </summary>
    public long Finish()
    {
        Complete();
        long bytes = _bytes;
        _bytes = 0;
        return bytes;
    }

    /// <summary>Starts and finishes.</summary>
    public long Run(ReduceOperation operation, WireFormat? wire = null)
    {
        Start(operation, wire);
        return Finish();
    }

    /// <summary>Waits, so that the tensor, which its owner saves, holds the result, and writes what <see cref="Finish"/> will return.</summary>
    public void Save(BinaryWriter writer)
    {
        Complete();
        writer.Write(_bytes);
    }

    /// <summary>Restores what <see cref="Save"/> wrote: a reduction that is done, if one was under way.</summary>
    public void Load(BinaryReader reader)
    {
        _bytes = reader.ReadInt64();
        LastOperation = null;
    }

    private void Complete()
    {
        if (!IsUnderWay)
            return;
        for (int i = 0; i < _chunks.Length; i++)
            _bytes += _chunks[i].WaitOnStream();

        IsUnderWay = false;
    }

    private FlatRange Chunk(int index)
    {
        int remainder = _range.Length - ((_chunks.Length - 1) * _chunkElements);
        return index == 0
            ? new FlatRange(_range.Offset, remainder)
            : new FlatRange(_range.Offset + remainder + ((index - 1) * _chunkElements), _chunkElements);
    }
}
