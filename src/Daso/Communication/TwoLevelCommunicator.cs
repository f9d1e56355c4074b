namespace Daso.Communication;

/// <summary>
/// A group over several nodes made of two communicators: a world all-reduce is a reduce-scatter inside the node, an all-reduce of each
/// local rank's own piece between nodes, over all cards at once, and an all-gather inside the node. Each level has what is best for it. The
/// three follow each other by the work that they wait for (<see cref="TensorRange.After"/>), so that those of several operations go on
/// beside each other. All other operations are those of the group as a whole.
/// </summary>
/// <remarks>
/// The order of sums: element e lies in the piece of local rank i; the ranks of a node are added in the order of the node's communicator,
/// then the nodes in the order of the one between nodes. Where both are ours that is rank order, then node order, the group's own, and sums
/// have its bits in every format. A mean is the mean over nodes of the nodes' means: the same bits where the ranks of a node are a power of
/// two, else others in the last places.
/// </remarks>
internal sealed class TwoLevelCommunicator : Communicator, IOperationSource
{
    /// <summary>The name of the way of this class.</summary>
    internal const string WayName = "two-level";

    private readonly Communicator _whole;
    private readonly ICommunicator _node;
    private readonly ICommunicator _between;
    private readonly ICommunicator _gather;
    private readonly Dictionary<long, Chain> _chains = [];
    private readonly Stack<Chain> _idle = [];
    private readonly bool _isDefault;
    private long _started;

    /// <summary>Splits the group. Collective.</summary>
    /// <param name="whole">The group: as many ranks on each node, which follow each other.</param>
    /// <param name="ranksPerNode">How many.</param>
    /// <param name="isDefault">Whether all-reduces of GPU memory take both levels; else only those that ask for them.</param>
    internal TwoLevelCommunicator(Communicator whole, int ranksPerNode, bool isDefault)
    {
        _whole = whole;
        _isDefault = isDefault;
        int node = whole.Rank / ranksPerNode, local = whole.Rank % ranksPerNode;
        _node = whole.Split(node, "node of " + whole.Name);
        _between = whole.Split(local, "between nodes of " + whole.Name);
        // Another communicator: the all-gather of one operation and the reduce-scatter of the next come in no certain order.
        _gather = whole.Split(node, "node of " + whole.Name);
        AllReduceWays = [.. whole.AllReduceWays, new AllReduceWay(WayName, values => StartLevels(values, ReduceOperation.Sum, null))];
    }

    public override string Name => _whole.Name;

    public override long Id => _whole.Id;

    /// <summary>Of operations in two levels, which are numbered apart from those of the whole group.</summary>
    long IOperationSource.Id => ~_whole.Id;

    public override int Rank => _whole.Rank;

    public override int Size => _whole.Size;

    public override IReadOnlyList<AllReduceWay> AllReduceWays { get; }

    public override ICommunicator Split(int colour, string name) => _whole.Split(colour, name);

    public override bool IsCompleted(long token) => _chains[token].Gather.IsCompleted;

    public override long Wait(long token)
    {
        Chain chain = Take(token);
        // The last first: when it is done nobody asks for the others any more.
        long bytes = chain.Gather.Wait() + chain.Between.Operation.Wait() + chain.Scatter.Operation.Wait();
        _idle.Push(chain);
        return bytes;
    }

    long IOperationSource.WaitOnStream(long token)
    {
        Chain chain = Take(token);
        long bytes = chain.Gather.WaitOnStream() + chain.Between.Operation.WaitOnStream() + chain.Scatter.Operation.WaitOnStream();
        _idle.Push(chain);
        return bytes;
    }

    public override void Dispose()
    {
        _gather.Dispose();
        _between.Dispose();
        _node.Dispose();
        _whole.Dispose();
    }

    internal override PendingOperation StartOn(CollectiveCall call, TensorRange values, (int, int) reads, (int, int) writes) =>
        _isDefault && call is { Kind: CollectiveKind.AllReduce } && values.Memory is DeviceTensor
            ? StartLevels(values, call.Operation, call.Wire)
            : _whole.StartOn(call, values, reads, writes);

    protected override bool TakesDeviceMemory(CollectiveCall call) => false;

    /// <summary>A barrier alone comes here.</summary>
    protected override PendingOperation Start(CollectiveCall call, TensorRange values, IMemoryLease? lease) => _whole.StartBarrier();

    /// <summary>Starts an all-reduce of float32 in both levels.</summary>
    internal PendingOperation StartLevels(TensorRange values, ReduceOperation operation, WireFormat? wire)
    {
        if (!_idle.TryPop(out Chain? chain))
            chain = new Chain();
        Partition parts = chain.PartsOf(values.Length, _node.Size);
        (int offset, int length) = parts[_node.Rank];
        chain.Scatter.Operation = _node.StartReduceScatter(values, parts, operation, wire);
        chain.Between.Operation = _between.StartAllReduce(values.Slice(offset, length).Behind(chain.Scatter), operation, wire);
        chain.Gather = _gather.StartAllGather(values.Behind(chain.Between), parts, wire);
        long token = _started++;
        _chains.Add(token, chain);
        return new PendingOperation(this, token, null);
    }

    private Chain Take(long token)
    {
        _chains.Remove(token, out Chain? chain);
        return chain!;
    }

    /// <summary>An operation that others wait for.</summary>
    private sealed class Link : IPrecedingWork
    {
        internal PendingOperation Operation { get; set; }

        public bool IsQueued => Operation.IsCompleted;

        public void Precede(nint stream) => Operation.Precede(stream);
    }

    /// <summary>The three operations of one; used again.</summary>
    private sealed class Chain
    {
        private readonly Dictionary<int, Partition> _parts = [];

        internal Link Scatter { get; } = new();

        internal Link Between { get; } = new();

        internal PendingOperation Gather { get; set; }

        internal Partition PartsOf(int length, int ranks)
        {
            if (!_parts.TryGetValue(length, out Partition? parts))
                _parts.Add(length, parts = Partition.Even(length, ranks));
            return parts;
        }
    }
}
