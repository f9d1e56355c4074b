using Daso.Communication;
using Daso.Models;
using Daso.Recording;
using static TorchSharp.torch;

namespace Daso.Strategies;

/// <summary>A contribution on its way and then the sum or mean that came of it, in messages of at most a chunk. Reused.</summary>
internal sealed class SynchronisationMessage : IDisposable
{
    private readonly PendingOperation[] _chunks;
    private readonly int _chunkElements;
    private bool _isUnderWay;
    private long _bytes;

    internal SynchronisationMessage(int length, Device device, int chunkElements)
    {
        Values = new FlatTensor(length, device);
        _chunkElements = chunkElements;
        _chunks = new PendingOperation[(int)(((long)length + chunkElements - 1) / chunkElements)];
    }

    internal FlatTensor Values { get; }

    /// <summary>Batches until it is merged.</summary>
    internal int Wait { get; set; }

    /// <summary>Whether the values are changes since the master copy.</summary>
    internal bool IsChange { get; set; }

    /// <summary>The operation of the last chunk; null of a message that a checkpoint held.</summary>
    internal OperationKey? Operation { get; private set; }

    /// <summary>Starts all chunks: the remainder first, then the full ones, as the reference does.</summary>
    internal void Start(ICommunicator group, ReduceOperation operation, WireFormat wire)
    {
        _isUnderWay = true;
        _bytes = 0;
        for (int i = 0; i < _chunks.Length; i++)
        {
            FlatRange range = Chunk(i);
            _chunks[i] = group.StartAllReduce(Values.Range(range.Offset, range.Length), operation, wire);
            Operation = _chunks[i].Key();
        }
    }

    /// <summary>Waits for all chunks where that has not been done yet. Returns the bytes booked on this rank.</summary>
    internal long Complete()
    {
        for (int i = 0; _isUnderWay && i < _chunks.Length; i++)
            _bytes += _chunks[i].WaitOnStream();
        _isUnderWay = false;
        return _bytes;
    }

    /// <summary>Waits and writes the result.</summary>
    internal void Save(BinaryWriter writer)
    {
        writer.Write(Complete());
        writer.Write(Wait);
        writer.Write(IsChange);
        Values.Save(writer);
    }

    /// <summary>Restores what <see cref="Save"/> wrote.</summary>
    internal void Load(BinaryReader reader)
    {
        Operation = null;
        _bytes = reader.ReadInt64();
        Wait = reader.ReadInt32();
        IsChange = reader.ReadBoolean();
        Values.Load(reader);
    }

    public void Dispose() => Values.Dispose();

    private FlatRange Chunk(int index)
    {
        int remainder = Values.Length - ((_chunks.Length - 1) * _chunkElements);
        return index == 0
            ? new FlatRange(0, remainder)
            : new FlatRange(remainder + ((index - 1) * _chunkElements), _chunkElements);
    }
}
