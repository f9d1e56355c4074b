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
    private readonly object _gate = new();
    private readonly Queue<QueuedOperation> _queue = new();
    private readonly Dictionary<long, long> _bytes = [];
    private readonly Dictionary<long, CollectiveCall> _transferCalls = [];
    private long _started;
    private long _completed;
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
        AllReduceWays =
        [
            new AllReduceWay("daso", values => StartSum(values, AllReduceAlgorithm.Hierarchical)),
            new AllReduceWay(AllReduceWay.LibraryName, values => StartSum(values, AllReduceAlgorithm.Library)),
        ];
        job.Progress.Add(this);
    }

    /// <summary>Tells the group from this rank's others; the same on all its ranks.</summary>
    internal int Number { get; }

    public override string Name { get; }

    public override long Id => IdOf(Number, _worldRanks[0]);

    public override int Rank { get; }

    public override int Size => _worldRanks.Length;

    public override IReadOnlyList<AllReduceWay> AllReduceWays { get; }

    public override ICommunicator Split(int colour, string name)
    {
        // The number of the new groups is one that is new to all members.
        long[] all = this.Gather<long>(colour, _job.NextGroup);
        int number = (int)Enumerable.Range(0, Size).Max(member => all[(2 * member) + 1]);
        _job.NextGroup = number + 1;
        int[] members = [.. _worldRanks.Where((_, member) => all[2 * member] == colour)];
        return new MpiCommunicator(_job, library => library.Split(_handle, colour, Rank), name, number, members);
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
            _hierarchical.Dispose();
            _library.Dispose();
            _transfers.Dispose();
            _job.Library.Free(_handle);
            return 0;
        });
    }

    /// <summary>On the communication thread: does what can be done without waiting. Returns whether anything was.</summary>
    internal bool Advance() => AdvanceCollective() | (_transfers.IsBusy && _transfers.Advance(_gate));

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

    /// <summary>Begins the next operation if its memory has arrived.</summary>
    private ICollective? BeginNext()
    {
        lock (_gate)
        {
            if (!_queue.TryPeek(out QueuedOperation next) || !next.Values.HasArrived)
                return null;
            _queue.Dequeue();
            _running = next.Call;
            _runningValues = next.Values;
            bool isLibrarys = next.Values.Memory is DeviceMemory || AllReduceChoice.IsLibrarys(next.Algorithm, next.Call);
            ICollective carrier = isLibrarys ? _library : _hierarchical;
            carrier.Begin(next.Call, next.Values);
            return carrier;
        }
    }

    protected override bool TakesDeviceMemory(CollectiveCall call) => _job.Settings.IsGpuAware && LibraryCollective.Takes(call);

    protected override PendingOperation Start(CollectiveCall call, TensorRange values, IMemoryLease? lease) =>
        Start(call, values, lease, _job.Settings.AllReduce);

    /// <summary>A sum over all ranks, by a certain algorithm: to compare them.</summary>
    private PendingOperation StartSum(TensorRange values, AllReduceAlgorithm algorithm) =>
        Start(CollectiveCall.AllReduce(values.Length, ReduceOperation.Sum, WireFormat.Float32), values, null, algorithm);

    private PendingOperation Start(CollectiveCall call, TensorRange values, IMemoryLease? lease, AllReduceAlgorithm algorithm)
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
                _queue.Enqueue(new QueuedOperation(call, values, algorithm));
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
    /// <param name="Algorithm">Of an all-reduce.</param>
    private readonly record struct QueuedOperation(CollectiveCall Call, TensorRange Values, AllReduceAlgorithm Algorithm);
}
