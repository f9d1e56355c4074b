using System.Buffers;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace Daso.Communication.Mpi;

/// <summary>The library's own collectives in float32, which also take memory of a GPU. Used by the communication thread only.</summary>
/// <param name="library">The library.</param>
/// <param name="communicator">The group.</param>
/// <param name="rank">This rank's number in it.</param>
/// <param name="nodeOf">The node of each rank.</param>
internal sealed unsafe class LibraryCollective(MpiLibrary library, nint communicator, int rank, int[] nodeOf) : ICollective
{
    private readonly int[] _nodes = [.. nodeOf.Distinct()];
    private CollectiveCall _call;
    private Memory<float> _values;
    private MemoryHandle _pinned;
    private nint _request;

    /// <summary>What a bandwidth-optimal exchange sends, booked on each node's first rank; the library does not tell.</summary>
    public long BytesToOtherNodes
    {
        get
        {
            int node = Array.IndexOf(_nodes, nodeOf[rank]), count = _nodes.Length;
            if (count == 1 || Array.IndexOf(nodeOf, nodeOf[rank]) != rank)
                return 0;
            // A broadcast's chain of nodes ends at the one before the root's.
            bool isLast = _call.Kind == CollectiveKind.Broadcast && (node + 1) % count == Array.IndexOf(_nodes, nodeOf[_call.Root]);
            return isLast ? 0 : _call.LinkCost(count).BytesPerNode;
        }
    }

    public void Begin(CollectiveCall call, Memory<float> values)
    {
        _call = call;
        _values = values;
        if (call is { Kind: CollectiveKind.AllReduce, Operation: ReduceOperation.PredividedMean })
            Divide();
        _pinned = values.Pin();
        var memory = (float*)_pinned.Pointer;
        _request = call.Kind switch
        {
            CollectiveKind.AllReduce => library.AllReduce(memory, values.Length, Operation, communicator),
            CollectiveKind.Broadcast => library.StartBroadcast(memory, values.Length, call.Root, communicator),
            CollectiveKind.AllGather => library.AllGather(memory, values.Length / nodeOf.Length, communicator),
            _ => throw new InvalidOperationException($"{call} has no values"),
        };
    }

    /// <summary>Progress is made by <see cref="Finish"/>; nothing moves here.</summary>
    public bool Advance() => false;

    public bool Finish()
    {
        if (!library.IsDone(ref _request))
            return false;
        _pinned.Dispose();
        if (_call is { Kind: CollectiveKind.AllReduce, Operation: ReduceOperation.Mean })
            Divide();
        _values = default;
        return true;
    }

    public void Dispose() => _pinned.Dispose();

    private nint Operation => _call.Operation == ReduceOperation.Min ? library.Binary.Min : library.Binary.Sum;

    private void Divide()
    {
        if (MemoryMarshal.TryGetMemoryManager<float, DeviceMemory>(_values, out DeviceMemory? device, out int start, out int length))
            device.Divide(start, length, nodeOf.Length);
        else
            TensorPrimitives.Divide(_values.Span, nodeOf.Length, _values.Span);
    }
}
