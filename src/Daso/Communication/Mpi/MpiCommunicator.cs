using Daso.Communication.Nccl;
using Daso.Timing;

namespace Daso.Communication.Mpi;

/// <summary>
/// This process's view of a group of processes. An operation is queued and carried out by the process's communication thread, beside
/// the caller and beside the operations of other groups; those of one group run one after the other.
/// </summary>
internal sealed class MpiCommunicator : Communicator
{
    private readonly MpiJob _job;
    private readonly nint _handle;
    private readonly int[] _worldRanks;
    private readonly int[] _nodeOf;
    private readonly HierarchicalCollective _hierarchical;
    private readonly LibraryCollective _library;
    private readonly MpiTransfers _transfers;
    private readonly DevicePath _path;
    private readonly NcclCollective? _nccl;
    private readonly object _gate = new();
    private readonly Queue<QueuedOperation> _queue = new();
    private readonly Dictionary<long, long> _bytes = [];
    private readonly Dictionary<long, CollectiveCall> _transferCalls = [];
    private long _started;
    private long _completed;
    private bool _isTooLate;
    private CollectiveCall _running;
    private TensorRange _runningValues;
    private ICollective? _carrier;

    /// <summary>Makes a communicator of the library and wraps it. Collective.</summary>
    /// <param name="job">This process's part of the job.</param>
    /// <param name="create">Makes the library's communicator; on the communication thread.</param>
    /// <param name="name">What the group is.</param>
    /// <param name="number">Tells it from other groups; the same on all its ranks.</param>
    /// <param name="worldRanks">The members' ranks in the job's world.</param>
    internal MpiCommunicator(MpiJob job, Func<MpiLibrary, nint> create, string name, int number, int[] worldRanks)
    {
        _job = job;
        _worldRanks = worldRanks;
        Name = name;
        Number = number;
        MpiLibrary library = job.Library;
        int[] nodeOf = _nodeOf = [.. worldRanks.Select(job.NodeOf)];
        (_handle, Rank, _hierarchical) = job.Progress.Call(() =>
        {
            nint handle = create(library);
            int rank = library.RankIn(handle);
            return (handle, rank, new HierarchicalCollective(library, handle, rank, nodeOf, job.RanksOnMachine));
        });
        _library = new LibraryCollective(library, _handle, Rank, nodeOf);
        _transfers = new MpiTransfers(library, _handle, Rank);
        job.Progress.Add(this);
        _path = job.Devices?.Paths.Of(nodeOf) ?? DevicePath.Host;
        if (job.Devices?.NcclFor(nodeOf) is NcclLibrary nccl)
            _nccl = JoinNccl(nccl, job.Devices.Gpu);
        AllReduceWays = [.. WaysHere().Select(name => new AllReduceWay(name, values => StartSum(values, name)))];
    }

    /// <summary>Tells the group from this rank's others; the same on all its ranks.</summary>
    internal int Number { get; }

    public override string Name { get; }

    public override long Id => IdOf(Number, _worldRanks[0]);

    public override int Rank { get; }

    public override int Size => _worldRanks.Length;

    public override IReadOnlyList<AllReduceWay> AllReduceWays { get; }

    /// <summary>Splits the group; where two levels serve a new group's GPU memory best, it is made of two.</summary>
    public override ICommunicator Split(int colour, string name) => SplitPlain(colour, name).InLevels();

    /// <summary>The group itself, or one of two levels over it where GPU memory is carried so or the two can be compared. Collective.</summary>
    internal Communicator InLevels()
    {
        int nodes = _nodeOf.Distinct().Count();
        bool canHave = nodes > 1 && nodes < Size && DevicePaths.IsRegular(_nodeOf, nodes);
        return canHave && _path is DevicePath.TwoLevels or DevicePath.Nccl
            ? new TwoLevelCommunicator(this, Size / nodes, isDefault: _path == DevicePath.TwoLevels)
            : this;
    }

    private MpiCommunicator SplitPlain(int colour, string name)
    {
        // The number of the new groups is one that is new to all members.
        long[] all = this.Gather<long>(colour, _job.NextGroup);
        int number = (int)Enumerable.Range(0, Size).Max(member => all[(2 * member) + 1]);
        _job.NextGroup = number + 1;
        int[] members = [.. _worldRanks.Where((_, member) => all[2 * member] == colour)];
        return new(_job, library => library.Split(_handle, colour, Rank), name, number, members);
    }

    public override bool IsCompleted(long token)
    {
        if (token >= 0)
            return Volatile.Read(ref _completed) > token;
        lock (_gate)
            return _transfers.IsDone(token);
    }

    public override long Wait(long token)
    {
        if (token < 0)
            return WaitForTransfer(token);
        lock (_gate)
        {
            var deadline = Deadline.After(_job.Settings.WaitLimit);
            while (_completed <= token && !deadline.HasPassed)
            {
                _job.ThrowIfEnded();
                Monitor.Wait(_gate, deadline.Left);
            }

            if (_completed > token)
            {
                _bytes.Remove(token, out long bytes);
                return bytes;
            }
        }

        // Without the lock: the communication thread, which asks the others, may need it.
        throw new TimeoutException(
            $"{_running} on {Name} not done within {_job.Settings.WaitLimit.TotalSeconds:0} s; missing: {Missing(token)}");
    }

    /// <summary>Whether this rank has started an operation of the group.</summary>
    internal bool HasStarted(long operation) => Volatile.Read(ref _started) > operation;

    public override void Dispose()
    {
        // Of a job that has ended early messages may still arrive: their memory stays until the process ends, which is soon.
        if (_job.Ended.IsCancellationRequested || !_job.Progress.Remove(this))
            return;
        _job.Progress.Call(() =>
        {
            _nccl?.Dispose();
            _hierarchical.Dispose();
            _library.Dispose();
            _transfers.Dispose();
            _job.Library.Free(_handle);
            return 0;
        });
    }

    /// <summary>On the communication thread: does what can be done without waiting. Returns whether anything was.</summary>
    internal bool Advance() => AdvanceCollective() | (_transfers.IsBusy && _transfers.Advance(_gate));

    /// <summary>On the communication thread, now and then: ends the job where an operation on the GPU has failed or takes too long.</summary>
    internal void Watch()
    {
        if (_nccl?.Watch(_job.Settings.WaitLimit) is not CollectiveCall late || _isTooLate)
            return;
        _isTooLate = true;
        long last = Volatile.Read(ref _completed) - 1;
        // Another thread: the communication thread asks the others who has come.
        var report = new Thread(() => _job.End(new TimeoutException(
            $"{late} on {Name} not done by the GPU within {_job.Settings.WaitLimit.TotalSeconds:0} s; missing: {Missing(last)}")))
        {
            IsBackground = true,
            Name = "late operation",
        };
        report.Start();
    }

    /// <summary>On the communication thread: whether an operation of the library's own is under way.</summary>
    internal bool IsInLibrary => _carrier == _library;

    /// <summary>Whether operations are under way or wait for their turn.</summary>
    internal bool IsBusy => Volatile.Read(ref _completed) < Volatile.Read(ref _started) || _transfers.IsBusy;

    /// <summary>Wakes whoever waits, to see that the job has ended.</summary>
    internal void Wake()
    {
        lock (_gate)
            Monitor.PulseAll(_gate);
    }

    private bool AdvanceCollective()
    {
        bool hasMoved = _carrier is null;
        _carrier ??= BeginNext();
        if (_carrier is null)
            return false;
        hasMoved |= _carrier.Advance();
        if (!_carrier.Finish())
            return hasMoved;
        _runningValues.Complete();
        _runningValues = default;
        lock (_gate)
        {
            _bytes.Add(_completed, _carrier.BytesToOtherNodes);
            _carrier = null;
            Volatile.Write(ref _completed, _completed + 1);
            Monitor.PulseAll(_gate);
        }

        return true;
    }

    /// <summary>Begins the next operation if its memory has arrived; on a GPU that carries it out, if what fills it is queued.</summary>
    private ICollective? BeginNext()
    {
        lock (_gate)
        {
            if (!_queue.TryPeek(out QueuedOperation next))
                return null;
            var device = next.Values.Memory as DeviceMemory;
            ICollective carrier = device is null
                ? IsLibrarys(next.Call) ? _library : _hierarchical
                : GoesToNccl(next.Call) ? _nccl! : _library;
            if (!(carrier == _nccl ? device!.IsQueued : next.Values.HasArrived))
                return null;
            _queue.Dequeue();
            _running = next.Call;
            _runningValues = next.Values;
            carrier.Begin(next.Call, next.Values);
            return carrier;
        }
    }

    protected override bool TakesMeansOnDevices => _nccl is not null;

    protected override bool TakesDeviceMemory(CollectiveCall call) => GoesToNccl(call)
        || (_path == DevicePath.GpuAwareMpi && call.Way is null or AllReduceWay.LibraryName && LibraryCollective.Takes(call));

    private bool GoesToNccl(CollectiveCall call) =>
        _nccl is not null && call.Way is null or AllReduceWay.NcclName && NcclCollective.Takes(call);

    private bool IsLibrarys(CollectiveCall call) =>
        call.Way == AllReduceWay.LibraryName || (call.Way is null && AllReduceChoice.IsLibrarys(_job.Settings.AllReduce, call));

    /// <summary>The ways in which the group can add; those for memory of the host take GPU memory through pinned copies.</summary>
    private IEnumerable<string> WaysHere() =>
        _nccl is null ? [AllReduceWay.OwnName, AllReduceWay.LibraryName] : [AllReduceWay.OwnName, AllReduceWay.NcclName];

    /// <summary>A sum over all ranks in a certain way: to compare them.</summary>
    private PendingOperation StartSum(TensorRange values, string way)
    {
        (int, int) whole = (0, values.Length);
        CollectiveCall call = CollectiveCall.AllReduce(values.Length, ReduceOperation.Sum, WireFormat.Float32) with { Way = way };
        return StartOn(call, values, whole, whole);
    }

    /// <summary>All ranks of the group make a communicator of NCCL from the id of the first, which travels as any other bytes. Collective.</summary>
    private NcclCollective JoinNccl(NcclLibrary nccl, IGpu gpu)
    {
        byte[] id = Rank == 0 ? nccl.NewId() : new byte[NcclUniqueId.Length];
        this.Broadcast(id, 0);
        var joined = new NcclCollective(nccl, gpu, id, Rank, _nodeOf);
        var deadline = Deadline.After(_job.Settings.WaitLimit);
        _ = _job.Ended.Register(joined.Abort);
        while (!joined.IsReady)
        {
            _job.ThrowIfEnded();
            if (deadline.HasPassed)
            {
                throw new TimeoutException(
                    $"NCCL's communicator of {Name} not made within {_job.Settings.WaitLimit.TotalSeconds:0} s; NCCL_DEBUG=WARN says more");
            }

            Thread.Sleep(1);
        }

        return joined;
    }

    protected override PendingOperation Start(CollectiveCall call, TensorRange values, IMemoryLease? lease)
    {
        _job.ThrowIfEnded();
        long token;
        lock (_gate)
        {
            if (call.Kind == CollectiveKind.Transfer)
            {
                token = _transfers.Add(call, values);
                _transferCalls.Add(token, call);
            }
            else
            {
                token = _started;
                Volatile.Write(ref _started, token + 1);
                _queue.Enqueue(new QueuedOperation(call, values));
            }
        }

        _job.Progress.Wake();
        return new PendingOperation(this, token, lease);
    }

    private long WaitForTransfer(long token)
    {
        CollectiveCall call;
        lock (_gate)
        {
            _transferCalls.Remove(token, out call);
            var deadline = Deadline.After(_job.Settings.WaitLimit);
            while (!_transfers.TakeDone(token))
            {
                _job.ThrowIfEnded();
                if (deadline.HasPassed)
                    throw TooLate(call, call.Root == Rank ? call.Target : call.Root);
                Monitor.Wait(_gate, deadline.Left);
            }
        }

        return call.Root == Rank && _nodeOf[call.Target] != _nodeOf[Rank] ? call.WireBytes(call.Elements) : 0;
    }

    private TimeoutException TooLate(CollectiveCall call, int other)
    {
        int rank = _worldRanks[other];
        return new TimeoutException(
            $"{call} on {Name} not done within {_job.Settings.WaitLimit.TotalSeconds:0} s; missing: rank {rank} ({_job.HostOf(rank)}), "
                + "or the network is slow");
    }

    private string Missing(long operation)
    {
        IReadOnlyList<int> absent = _job.RollCall.Absent(this, operation, _worldRanks);
        return absent.Count == 0
            ? "no rank, the network is slow"
            : string.Join(", ", absent.Select(rank => $"rank {rank} ({_job.HostOf(rank)})"));
    }

    /// <summary>An operation that waits for its turn.</summary>
    /// <param name="Call">What.</param>
    /// <param name="Values">This rank's range.</param>
    private readonly record struct QueuedOperation(CollectiveCall Call, TensorRange Values);
}
