using System.Buffers;
using System.Numerics.Tensors;

namespace Daso.Communication.Mpi;

/// <summary>The library's own all-reduce in float32. Used by the communication thread only.</summary>
/// <param name="library">The library.</param>
/// <param name="communicator">The group.</param>
/// <param name="size">Its ranks.</param>
/// <param name="nodes">Its nodes.</param>
/// <param name="isFirstOfNode">Whether this rank is the first of its node, on which the node's bytes are booked.</param>
internal sealed unsafe class LibraryAllReduce(MpiLibrary library, nint communicator, int size, int nodes, bool isFirstOfNode) : ICollective
{
    private CollectiveCall _call;
    private Memory<float> _values;
    private MemoryHandle _pinned;
    private nint _request;

    /// <summary>What a bandwidth-optimal exchange of node sums sends; the library does not tell.</summary>
    public long BytesToOtherNodes => isFirstOfNode && nodes > 1 ? _call.LinkCost(nodes).BytesPerNode : 0;

    public void Begin(CollectiveCall call, Memory<float> values)
    {
        _call = call;
        _values = values;
        _pinned = values.Pin();
        nint operation = call.Operation == ReduceOperation.Min ? library.Binary.Min : library.Binary.Sum;
        _request = library.AllReduce((float*)_pinned.Pointer, values.Length, operation, communicator);
    }

    /// <summary>Progress is made by <see cref="Finish"/>; nothing moves here.</summary>
    public bool Advance() => false;

    public bool Finish()
    {
        if (!library.IsDone(ref _request))
            return false;
        _pinned.Dispose();
        if (_call.Operation == ReduceOperation.Mean)
            TensorPrimitives.Divide(_values.Span, size, _values.Span);
        _values = default;
        return true;
    }

    public void Dispose() => _pinned.Dispose();
}
