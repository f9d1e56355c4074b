using Daso.Communication.Mpi;
using Daso.Timing;

namespace Daso.Communication.Nccl;

/// <summary>
/// A group's operations on GPUs by NCCL, in place, on a stream of the group's own: after the computation that the values come from, and
/// beside all that comes later. An operation is finished here when it is queued; the result's way goes on by events. The group's other
/// operations, of memory of the host, do not come here.
/// </summary>
internal sealed unsafe class NcclCollective : ICollective
{
    private readonly Lock _gate = new();
    private readonly NcclLibrary _library;
    private readonly IGpu _gpu;
    private readonly int _rank;
    private readonly BookedBytes _booked;
    private readonly nint _stream;
    private readonly nint _watched;
    private nint _communicator;
    private CollectiveCall _call;
    private DeviceMemory? _memory;
    private bool _hasNewWork;
    private bool _isWatching;
    private Deadline _deadline;

    /// <summary>Begins to make the communicator; <see cref="IsReady"/> says when it is. Collective.</summary>
    /// <param name="library">NCCL.</param>
    /// <param name="gpu">This rank's device, which is the calling thread's.</param>
    /// <param name="id">The id that all ranks of the group have got from one of them.</param>
    /// <param name="rank">This rank's number in the group.</param>
    /// <param name="nodeOf">The node of each rank.</param>
    /// <exception cref="NcclException">NCCL refuses.</exception>
    internal NcclCollective(NcclLibrary library, IGpu gpu, ReadOnlySpan<byte> id, int rank, int[] nodeOf)
    {
        _library = library;
        _gpu = gpu;
        _rank = rank;
        _booked = new BookedBytes(rank, nodeOf);
        NcclUniqueId value = default;
        id.CopyTo(value);
        NcclConfig config = NcclConfig.NonBlocking;
        nint communicator = 0;
        NcclResult result = library.Functions.Initialize(&communicator, nodeOf.Length, value, rank, &config);
        _communicator = communicator;
        CheckOrAbort(result, "ncclCommInitRankConfig");
        _stream = gpu.CreateStream();
        _watched = gpu.CreateMarker();
    }

    public long BytesToOtherNodes => _booked.Of(_call);

    /// <summary>Whether NCCL has done what it was asked last, so that the next may come.</summary>
    /// <exception cref="NcclException">It has failed, now or while it ran; the communicator is aborted.</exception>
    internal bool IsReady
    {
        get
        {
            lock (_gate)
            {
                if (_communicator == 0)
                    return false;
                NcclResult state;
                _library.Check(_library.Functions.GetAsyncError(_communicator, &state), "ncclCommGetAsyncError", _communicator);
                CheckOrAbort(state, "NCCL");
                return state == NcclResult.Success;
            }
        }
    }

    /// <summary>Whether NCCL carries a call out.</summary>
    internal static bool Takes(CollectiveCall call) => call.Elements > 0
        && (call.Type != ElementType.Float32 || WireFormat.BuiltIn.Contains(call.Wire))
        && call.Kind is CollectiveKind.AllReduce or CollectiveKind.ReduceScatter or CollectiveKind.AllGather or CollectiveKind.Broadcast;

    public void Begin(CollectiveCall call, TensorRange values)
    {
        _call = call;
        _memory = (DeviceMemory)values.Memory!;
        _memory.Precede(_stream);
        lock (_gate)
        {
            if (_communicator != 0)
                Queue(call, values);
        }
    }

    /// <summary>NCCL's own threads and the device do the work; nothing moves here.</summary>
    public bool Advance() => false;

    public bool Finish()
    {
        if (!IsReady)
            return false;
        _memory!.Succeed(_stream);
        _memory = null;
        _hasNewWork = true;
        return true;
    }

    /// <summary>
    /// Looks after operations that are queued: whether NCCL reports an error, and whether the device comes to their end in time. On the
    /// thread that begins them, now and then.
    /// </summary>
    /// <param name="limit">The longest that an operation may take.</param>
    /// <returns>An operation that has taken longer; null: none has.</returns>
    /// <exception cref="NcclException">An operation has failed; the communicator is aborted.</exception>
    internal CollectiveCall? Watch(TimeSpan limit)
    {
        if (_memory is null)
            _ = IsReady;
        if (_isWatching && _gpu.IsReached(_watched))
            _isWatching = false;
        if (_isWatching)
            return _deadline.HasPassed ? _call : null;
        if (!_hasNewWork)
            return null;
        _hasNewWork = false;
        _isWatching = true;
        _deadline = Deadline.After(limit);
        _gpu.Mark(_watched, _stream);
        return null;
    }

    /// <summary>Ends what is under way on the device, for good; from any thread.</summary>
    internal void Abort()
    {
        lock (_gate)
        {
            if (_communicator == 0)
                return;
            // Its result changes nothing: the job ends by an earlier reason.
            _ = _library.Functions.Abort(_communicator);
            _communicator = 0;
        }
    }

    /// <summary>Takes leave; all ranks of the group do, with nothing under way.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_communicator != 0)
            {
                _ = _library.Functions.Finalize(_communicator);
                NcclResult state;
                while (_library.Functions.GetAsyncError(_communicator, &state) == NcclResult.Success && state == NcclResult.InProgress)
                    Thread.Yield();
                _ = _library.Functions.Destroy(_communicator);
                _communicator = 0;
            }
        }

        _gpu.DestroyStream(_stream); // not before: leaving the group may still use it
        _gpu.DestroyMarker(_watched);
    }

    private void Queue(CollectiveCall call, TensorRange values)
    {
        NcclInterface nccl = _library.Functions;
        NcclType type = TypeOf(call);
        nint start = _memory!.AddressOf(values.Offset);
        switch (call.Kind)
        {
            case CollectiveKind.AllReduce:
                NcclResult reduced = nccl.AllReduce(start, start, (nuint)values.Length, type, OperationOf(call), _communicator, _stream);
                CheckOrAbort(reduced, "ncclAllReduce");
                break;
            case CollectiveKind.Broadcast:
                CheckOrAbort(nccl.Broadcast(start, start, (nuint)values.Length, type, call.Root, _communicator, _stream), "ncclBroadcast");
                break;
            case CollectiveKind.ReduceScatter when call.Parts!.IsEqual:
                nint mine = AddressOfPart(call, values, _rank);
                nuint count = (nuint)call.Parts[_rank].Length;
                CheckOrAbort(nccl.ReduceScatter(start, mine, count, type, OperationOf(call), _communicator, _stream), "ncclReduceScatter");
                break;
            case CollectiveKind.AllGather when call.Parts!.IsEqual:
                nint own = AddressOfPart(call, values, _rank);
                CheckOrAbort(nccl.AllGather(own, start, (nuint)call.Parts[_rank].Length, type, _communicator, _stream), "ncclAllGather");
                break;
            default:
                QueueParts(call, values, type);
                break;
        }
    }

    /// <summary>Parts of different lengths: one reduction or broadcast for each, all in one group of calls, which NCCL runs as one.</summary>
    private void QueueParts(CollectiveCall call, TensorRange values, NcclType type)
    {
        NcclInterface nccl = _library.Functions;
        CheckOrAbort(nccl.GroupStart(), "ncclGroupStart");
        for (int part = 0; part < call.Parts!.Count; part++)
        {
            nuint count = (nuint)call.Parts[part].Length;
            if (count == 0)
                continue;
            nint at = AddressOfPart(call, values, part);
            if (call.Kind == CollectiveKind.AllGather)
                CheckOrAbort(nccl.Broadcast(at, at, count, type, part, _communicator, _stream), "ncclBroadcast");
            else
                CheckOrAbort(nccl.Reduce(at, at, count, type, OperationOf(call), part, _communicator, _stream), "ncclReduce");
        }

        CheckOrAbort(nccl.GroupEnd(), "ncclGroupEnd");
    }

    private nint AddressOfPart(CollectiveCall call, TensorRange values, int part) => _memory!.AddressOf(values.Offset + call.Parts![part].Offset);

    private void CheckOrAbort(NcclResult result, string function)
    {
        try
        {
            _library.Check(result, function, _communicator);
        }
        catch (NcclException)
        {
            Abort();
            throw;
        }
    }

    private static NcclType TypeOf(CollectiveCall call) => call.Type switch
    {
        ElementType.Int64 => NcclType.Int64,
        ElementType.Byte => NcclType.UInt8,
        _ when call.Wire == WireFormat.BFloat16 => NcclType.BFloat16,
        _ when call.Wire == WireFormat.Float16 => NcclType.Float16,
        _ => NcclType.Float32,
    };

    /// <summary>Contributions to a predivided mean come divided.</summary>
    private static NcclOperation OperationOf(CollectiveCall call) => call.Operation switch
    {
        ReduceOperation.Min => NcclOperation.Min,
        ReduceOperation.Max => NcclOperation.Max,
        ReduceOperation.Mean => NcclOperation.Average,
        _ => NcclOperation.Sum,
    };
}
