namespace Daso.Communication.InProcess;

/// <summary>A group of ranks that are threads of this process; shared by their communicators.</summary>
internal sealed class InProcessGroup
{
    private readonly Dictionary<long, SharedOperation> _active = [];
    private readonly Dictionary<TransferKey, SharedOperation> _transfers = [];
    private readonly Stack<SharedOperation> _idle = [];
    private readonly Dictionary<long, SplitRound> _splits = [];
    private readonly int[] _worldRanks;
    private readonly int[] _nodes;
    private readonly int[][] _membersByNode;

    internal InProcessGroup(string name, int number, InProcessJob job, int[] worldRanks)
    {
        Name = name;
        Number = number;
        Job = job;
        _worldRanks = worldRanks;
        _nodes = [.. worldRanks.Select(job.NodeOf).Distinct()];
        _membersByNode = [.. Enumerable.Range(0, worldRanks.Length).GroupBy(member => job.NodeOf(worldRanks[member])).Select(one => one.ToArray())];
        job.Register(this);
    }

    internal string Name { get; }

    /// <summary>The round in which the group was made; 0: the world.</summary>
    internal int Number { get; }

    internal InProcessJob Job { get; }

    internal int Size => _worldRanks.Length;

    /// <summary>The nodes that the group's ranks sit on.</summary>
    internal ReadOnlySpan<int> Nodes => _nodes;

    /// <summary>The members on each of <see cref="Nodes"/>.</summary>
    internal ReadOnlySpan<int[]> MembersByNode => _membersByNode;

    internal int WorldRankOf(int member) => _worldRanks[member];

    internal int NodeOf(int member) => Job.NodeOf(_worldRanks[member]);

    /// <summary>Whether an operation uses the links between nodes.</summary>
    internal bool CrossesNodes(CollectiveCall call) =>
        call.Kind == CollectiveKind.Transfer ? NodeOf(call.Root) != NodeOf(call.Target) : _nodes.Length > 1;

    /// <summary>Bytes that a call sends over the link of this member's node, booked on the node's first member, a message's on its sender.</summary>
    internal long BytesBookedOn(int member, CollectiveCall call)
    {
        if (!CrossesNodes(call))
            return 0;
        if (call.Kind == CollectiveKind.Transfer)
            return member == call.Root ? call.WireBytes(call.Elements) : 0;
        int node = NodeOf(member);
        if (_membersByNode[Array.IndexOf(_nodes, node)][0] != member)
            return 0;
        if (call.Kind == CollectiveKind.Broadcast)
        {
            // The chain of nodes begins at the root's node; the one before it in order is the last and sends nothing.
            int rootNode = Array.IndexOf(_nodes, NodeOf(call.Root));
            int lastNode = _nodes[(rootNode + _nodes.Length - 1) % _nodes.Length];
            if (node == lastNode)
                return 0;
        }

        return call.LinkCost(_nodes.Length).BytesPerNode;
    }

    /// <summary>Starts a member's <paramref name="sequence"/>-th collective.</summary>
    internal void Start(int member, long sequence, CollectiveCall call, TensorRange values) =>
        Start(_active, sequence, member, call, values);

    /// <summary>Starts a member's side of a message.</summary>
    internal void Start(int member, TransferKey key, CollectiveCall call, TensorRange values) => Start(_transfers, key, member, call, values);

    internal bool IsCompleted(long sequence) => Find(_active, sequence).IsDone;

    internal bool IsCompleted(TransferKey key) => Find(_transfers, key).IsDone;

    /// <summary>Waits for an operation; returns the bytes booked on this member.</summary>
    internal long Wait(int member, long sequence) => Wait(_active, sequence, member);

    /// <summary>Waits for a message; returns the bytes booked on this member.</summary>
    internal long Wait(int member, TransferKey key) => Wait(_transfers, key, member);

    /// <summary>Waits until every member has called its <paramref name="sequence"/>-th split, and returns the group of this one's colour.</summary>
    internal (InProcessGroup Group, int Member) Split(int member, long sequence, int colour, string name)
    {
        lock (_splits)
        {
            if (!_splits.TryGetValue(sequence, out SplitRound? round))
                _splits.Add(sequence, round = new SplitRound(new int?[Size]));
            round.Colours[member] = colour;
            if (round.Colours.All(c => c is not null))
            {
                int number = Job.NumberOfSplit(_worldRanks);
                foreach (int one in round.Colours.Distinct().Cast<int>())
                    round.Groups.Add(one, new InProcessGroup(name, number, Job, [.. _worldRanks.Where((_, i) => round.Colours[i] == one)]));
                Monitor.PulseAll(_splits);
            }

            while (round.Groups.Count == 0)
            {
                Job.ThrowIfEnded();
                Monitor.Wait(_splits, Job.WaitLimit);
            }

            if (++round.Left == Size)
                _splits.Remove(sequence);
            InProcessGroup group = round.Groups[colour];
            return (group, Array.IndexOf(group._worldRanks, _worldRanks[member]));
        }
    }

    /// <summary>Wakes everyone who waits, to see that the job has ended.</summary>
    internal void Wake()
    {
        SharedOperation[] active;
        lock (_idle)
            active = [.. _active.Values, .. _transfers.Values];
        foreach (SharedOperation operation in active)
            operation.Wake();
        lock (_splits)
            Monitor.PulseAll(_splits);
    }

    private void Start<TKey>(
        Dictionary<TKey, SharedOperation> active, TKey key, int member, CollectiveCall call, TensorRange values)
        where TKey : notnull
    {
        Job.ThrowIfEnded();
        // Whoever comes last carries the operation out; the others' room is made now too, not in the middle of a later step.
        PieceScratch scratch = PieceScratch.OfThisThread;
        SharedOperation? operation;
        lock (_idle)
        {
            if (!active.TryGetValue(key, out operation))
            {
                if (!_idle.TryPop(out operation))
                    operation = new SharedOperation(this);
                active.Add(key, operation);
            }
        }

        if (!operation.Arrive(member, call, values))
            return;
        operation.WaitForMemory();
        Job.Execute(operation, scratch);
    }

    private long Wait<TKey>(Dictionary<TKey, SharedOperation> active, TKey key, int member)
        where TKey : notnull
    {
        SharedOperation operation = Find(active, key);
        CollectiveCall call = operation.Call;
        if (operation.Wait(Job.WaitLimit))
        {
            lock (_idle)
            {
                active.Remove(key);
                operation.Reset();
                _idle.Push(operation);
            }
        }

        return BytesBookedOn(member, call);
    }

    private SharedOperation Find<TKey>(Dictionary<TKey, SharedOperation> active, TKey key)
        where TKey : notnull
    {
        lock (_idle)
            return active[key];
    }

    /// <summary>Tells a message from others: it is the <paramref name="Number"/>-th with its tag from one member to another.</summary>
    internal readonly record struct TransferKey(int Source, int Target, int Tag, long Number);

    /// <summary>One collective call of Split.</summary>
    private sealed class SplitRound(int?[] colours)
    {
        internal int?[] Colours { get; } = colours;

        internal Dictionary<int, InProcessGroup> Groups { get; } = [];

        internal int Left { get; set; }
    }
}
