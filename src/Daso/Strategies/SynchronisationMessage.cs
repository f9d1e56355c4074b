using Daso.Communication;
using Daso.Models;
using static TorchSharp.torch;

namespace Daso.Strategies;

/// <summary>A contribution on its way and then the sum or mean that came of it, in messages of at most a chunk. Reused.</summary>
internal sealed class SynchronisationMessage : IDisposable
{
    private readonly PendingOperation[] _chunks;
    private readonly int _chunkElements;
    private ICommunicator? _group;
    private WireFormat _wire;
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

    /// <summary>Starts all chunks: the remainder first, then the full ones, as the reference does.</summary>
    internal void Start(ICommunicator group, ReduceOperation operation, WireFormat wire)
    {
        _group = group;
        _wire = wire;
        _bytes = 0;
        for (int i = 0; i < _chunks.Length; i++)
        {
            FlatRange range = Chunk(i);
            _chunks[i] = group.StartAllReduce(Values.ForSending(range.Offset, range.Length, group, wire), operation, wire);
        }
    }

    /// <summary>Waits for all chunks where that has not been done yet. Returns the bytes booked on this rank.</summary>
    internal long Complete()
    {
        if (_group is null)
            return _bytes;
        for (int i = 0; i < _chunks.Length; i++)
        {
            _bytes += _chunks[i].Wait();
            FlatRange range = Chunk(i);
            Values.Received(range.Offset, range.Length, _group, _wire);
        }

        _group = null;
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
