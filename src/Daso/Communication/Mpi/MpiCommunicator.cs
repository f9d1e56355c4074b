namespace Daso.Communication.Mpi;

/// <summary>
/// This process's view of a group of processes. An operation is queued and carried out by the process's communication thread, beside
/// the caller and beside the operations of other groups; those of one group run one after the other.
/// </summary>
internal sealed class MpiCommunicator : ICommunicator, IOperationSource
{
    private readonly MpiJob _job;
    private readonly nint _handle;
    private readonly int[] _worldRanks;
    private readonly ChainCollective _collective;
    private readonly object _gate = new();
    private readonly Queue<(CollectiveCall Call, Memory<float> Values)> _queue = new();
    private readonly Dictionary<long, long> _bytes = [];
    private long _started;
    private long _completed;
    private CollectiveCall _running;
    private bool _isRunning;

    /// <summary>Makes a communicator of the library and wraps it. Collective.</summary>
    /// <param name="job">This process's part of the job.</param>
    /// <param name="create">Makes the library's communicator; on the communication thread.</param>
    /// <param name="name">What the group is.</param>
    /// <param name="worldRanks">The members' ranks in the job's world.</param>
    internal MpiCommunicator(MpiJob job, Func<MpiLibrary, nint> create, string name, int[] worldRanks)
    {
        _job = job;
        _worldRanks = worldRanks;
        Name = name;
        MpiLibrary library = job.Library;
        (_handle, Rank) = job.Progress.Call(() =>
        {
            nint handle = create(library);
            return (handle, library.RankIn(handle));
        });
        _collective = new ChainCollective(library, _handle, Rank, [.. worldRanks.Select(job.NodeOf)]);
        job.Progress.Add(this);
    }

    public string Name { get; }

    public int Rank { get; }

    public int Size => _worldRanks.Length;

    public PendingOperation StartAllReduce(Memory<float> values, ReduceOperation operation, WireFormat wire = WireFormat.Float32) =>
        Start(new CollectiveCall(CollectiveKind.AllReduce, values.Length, operation, wire, 0), values);

    public PendingOperation StartBroadcast(Memory<float> values, int root) =>
        Start(new CollectiveCall(CollectiveKind.Broadcast, values.Length, default, WireFormat.Float32, root), values);

    public PendingOperation StartAllGather(ReadOnlyMemory<float> mine, Memory<float> all)
    {
        if (all.Length != mine.Length * Size)
            throw new ArgumentException($"{all.Length} elements do not hold {Size} times {mine.Length}", nameof(all));
        mine.CopyTo(all.Slice(Rank * mine.Length, mine.Length));
        return Start(new CollectiveCall(CollectiveKind.AllGather, all.Length, default, WireFormat.Float32, 0), all);
    }

    public PendingOperation StartBarrier() =>
        Start(new CollectiveCall(CollectiveKind.Barrier, 0, default, WireFormat.Float32, 0), default);

    public ICommunicator Split(int colour, string name)
    {
        float[] colours = new float[Size];
        this.AllGather(new float[] { BitConverter.Int32BitsToSingle(colour) }, colours);
        int[] members = [.. _worldRanks.Where((_, member) => BitConverter.SingleToInt32Bits(colours[member]) == colour)];
        return new MpiCommunicator(_job, library => library.Split(_handle, colour, Rank), name, members);
    }

    public bool IsCompleted(long token) => Volatile.Read(ref _completed) > token;

    public long Wait(long token)
    {
        lock (_gate)
        {
            while (_completed <= token)
            {
                _job.ThrowIfEnded();
                if (!Monitor.Wait(_gate, _job.WaitLimit) && _completed <= token)
                    throw new TimeoutException($"{_running} on {Name} not done within {_job.WaitLimit.TotalSeconds:0} s{Missing()}");
            }

            _bytes.Remove(token, out long bytes);
            return bytes;
        }
    }

    /// <summary>
    /// The library's own all-reduce (a sum), to compare with ours; nothing else is under way. It may add in another order.
    /// </summary>
    internal unsafe void AllReduceByLibrary(Memory<float> values)
    {
        using System.Buffers.MemoryHandle pinned = values.Pin();
        float* memory = (float*)pinned.Pointer;
        _job.Progress.Call(() =>
        {
            nint request = _job.Library.AllReduce(memory, values.Length, _handle);
            while (!_job.Library.IsDone(ref request))
                Thread.Yield();
            return request;
        });
    }

    public void Dispose()
    {
        if (!_job.Progress.Remove(this))
            return;
        _collective.Dispose();
        _job.Progress.Call(() =>
        {
            _job.Library.Free(_handle);
            return 0;
        });
    }

    /// <summary>On the communication thread: does what can be done without waiting. Returns whether anything was.</summary>
    internal bool Advance()
    {
        bool hasMoved = false;
        if (!_isRunning)
        {
            lock (_gate)
            {
                if (!_queue.TryDequeue(out (CollectiveCall Call, Memory<float> Values) next))
                    return false;
                _running = next.Call;
                _isRunning = true;
                _collective.Begin(next.Call, next.Values);
            }

            hasMoved = true;
        }

        hasMoved |= _collective.Advance();
        if (_collective.Finish())
        {
            lock (_gate)
            {
                _isRunning = false;
                _bytes.Add(_completed, _collective.BytesToOtherNodes);
                Volatile.Write(ref _completed, _completed + 1);
                Monitor.PulseAll(_gate);
            }
        }

        return hasMoved;
    }

    /// <summary>Whether operations are under way or wait for their turn.</summary>
    internal bool IsBusy => Volatile.Read(ref _completed) < Volatile.Read(ref _started);

    /// <summary>Wakes whoever waits, to see that the job has ended.</summary>
    internal void Wake()
    {
        lock (_gate)
            Monitor.PulseAll(_gate);
    }

    private PendingOperation Start(CollectiveCall call, Memory<float> values)
    {
        _job.ThrowIfEnded();
        long token;
        lock (_gate)
        {
            token = _started;
            Volatile.Write(ref _started, token + 1);
            _queue.Enqueue((call, values));
        }

        _job.Progress.Wake();
        return new PendingOperation(this, token);
    }

    private string Missing() => _collective.AwaitedRank is int member
        ? $"; missing: a message from or to rank {_worldRanks[member]} ({_job.HostOf(_worldRanks[member])})"
        : "";
}
