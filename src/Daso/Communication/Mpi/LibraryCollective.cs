using System.Buffers;
using System.Numerics.Tensors;

namespace Daso.Communication.Mpi;

/// <summary>The library's own collectives in float32, which also take memory of a GPU. Used by the communication thread only.</summary>
/// <param name="library">The library.</param>
/// <param name="communicator">The group.</param>
/// <param name="rank">This rank's number in it.</param>
/// <param name="nodeOf">The node of each rank.</param>
internal sealed unsafe class LibraryCollective(MpiLibrary library, nint communicator, int rank, int[] nodeOf) : ICollective
{
    private readonly BookedBytes _booked = new(rank, nodeOf);
    private CollectiveCall _call;
    private TensorRange _values;
    private MemoryHandle _pinned;
    private nint _request;

    public long BytesToOtherNodes => _booked.Of(_call);

    /// <summary>Whether the library carries a call out in the memory of a GPU.</summary>
    internal static bool Takes(CollectiveCall call) => call is { Type: ElementType.Float32, IsExact: true } && call.Kind switch
    {
        CollectiveKind.AllReduce or CollectiveKind.Broadcast => true,
        CollectiveKind.AllGather => call.Parts!.IsEqual,
        _ => false,
    };

    public void Begin(CollectiveCall call, TensorRange values)
    {
        _call = call;
        _values = values;
        if (IsOnHost && call is { Kind: CollectiveKind.AllReduce, Operation: ReduceOperation.PredividedMean })
            Divide();
        _pinned = IsOnHost ? values.Pin() : default;
        var memory = (float*)(values.Memory is DeviceMemory device ? (void*)device.AddressOf(values.Offset) : _pinned.Pointer);
        _request = call.Kind switch
        {
            CollectiveKind.AllReduce => library.AllReduce(memory, values.Length, Operation, communicator),
            CollectiveKind.Broadcast => library.StartBroadcast(memory, values.Length, call.Root, communicator),
            CollectiveKind.AllGather => library.AllGather(memory, values.Length / nodeOf.Length, communicator),
            _ => throw new InvalidOperationException($"{call} is not the library's"),
        };
    }

    /// <summary>Progress is made by <see cref="Finish"/>; nothing moves here.</summary>
    public bool Advance() => false;

    public bool Finish()
    {
        if (!library.IsDone(ref _request))
            return false;
        _pinned.Dispose();
        if (IsOnHost && _call is { Kind: CollectiveKind.AllReduce, Operation: ReduceOperation.Mean })
            Divide();
        _values = default;
        return true;
    }

    public void Dispose() => _pinned.Dispose();

    /// <summary>On a device the rank divides, on its compute stream.</summary>
    private bool IsOnHost => _values.Memory is not DeviceMemory;

    private nint Operation => _call.Operation switch
    {
        ReduceOperation.Min => library.Binary.Min,
        ReduceOperation.Max => library.Binary.Max,
        _ => library.Binary.Sum,
    };

    private void Divide() => TensorPrimitives.Divide(_values.Floats, nodeOf.Length, _values.Floats);
}
