namespace Daso.Communication;

/// <summary>A group of ranks that are threads of this process; shared by their communicators.</summary>
internal sealed class InProcessGroup
{
    private readonly Dictionary<long, SharedOperation> _active = [];
    private readonly Stack<SharedOperation> _idle = [];
    private readonly Dictionary<long, SplitRound> _splits = [];
    private readonly int[] _worldRanks;
    private readonly int[] _nodes;
    private readonly int _nodeCount;
    private readonly int[][] _membersByNode;

    internal InProcessGroup(string name, InProcessJob job, int[] worldRanks)
    {
        Name = name;
        Job = job;
        _worldRanks = worldRanks;
        _nodes = [.. worldRanks.Select(job.NodeOf).Distinct()];
        _nodeCount = _nodes.Length;
        _membersByNode = [.. Enumerable.Range(0, worldRanks.Length).GroupBy(member => job.NodeOf(worldRanks[member])).Select(one => one.ToArray())];
        job.Register(this);
    }

    internal string Name { get; }

    internal InProcessJob Job { get; }

    internal int Size => _worldRanks.Length;

    /// <summary>The nodes that the group's ranks sit on.</summary>
    internal ReadOnlySpan<int> Nodes => _nodes;

    /// <summary>The members on each of <see cref="Nodes"/>.</summary>
    internal ReadOnlySpan<int[]> MembersByNode => _membersByNode;

    internal int WorldRankOf(int member) => _worldRanks[member];

    /// <summary>Bytes that a call sends over the link of this member's node, booked on the node's first member.</summary>
    internal long BytesBookedOn(int member, CollectiveCall call)
    {
        if (_nodeCount == 1)
            return 0;
        int node = Job.NodeOf(_worldRanks[member]);
        if (_membersByNode[Array.IndexOf(_nodes, node)][0] != member)
            return 0;
        if (call.Kind == CollectiveKind.Broadcast)
        {
            // The chain of nodes begins at the root's node; the one before it in order is the last and sends nothing.
            int rootNode = Array.IndexOf(_nodes, Job.NodeOf(_worldRanks[call.Root]));
            int lastNode = _nodes[(rootNode + _nodeCount - 1) % _nodeCount];
            if (node == lastNode)
                return 0;
        }

        return call.LinkCost(_nodeCount).BytesPerNode;
    }

    /// <summary>Starts a member's <paramref name="sequence"/>-th operation.</summary>
    internal void Start(int member, long sequence, CollectiveCall call, Memory<float> values, ReadOnlyMemory<float> contribution = default)
    {
        Job.ThrowIfEnded();
        // Whoever comes last carries the operation out; the others' room is made now too, not in the middle of a later step.
        PieceScratch scratch = PieceScratch.OfThisThread;
        SharedOperation? operation;
        lock (_active)
        {
            if (!_active.TryGetValue(sequence, out operation))
            {
                if (!_idle.TryPop(out operation))
                    operation = new SharedOperation(this);
                _active.Add(sequence, operation);
            }
        }

        if (!operation.Arrive(member, call, values, contribution))
            return;
        operation.WaitForMemory();
        Job.Execute(operation, _nodeCount, scratch);
    }

    internal bool IsCompleted(long sequence) => Find(sequence).IsDone;

    /// <summary>Waits for an operation; returns the bytes booked on this member.</summary>
    internal long Wait(int member, long sequence)
    {
        SharedOperation operation = Find(sequence);
        CollectiveCall call = operation.Call;
        if (operation.Wait(Job.WaitLimit))
        {
            lock (_active)
            {
                _active.Remove(sequence);
                operation.Reset();
                _idle.Push(operation);
            }
        }

        return BytesBookedOn(member, call);
    }

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
                foreach (int one in round.Colours.Distinct().Cast<int>())
                    round.Groups.Add(one, new InProcessGroup(name, Job, [.. _worldRanks.Where((_, i) => round.Colours[i] == one)]));
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
        lock (_active)
            active = [.. _active.Values];
        foreach (SharedOperation operation in active)
            operation.Wake();
        lock (_splits)
            Monitor.PulseAll(_splits);
    }

    private SharedOperation Find(long sequence)
    {
        lock (_active)
            return _active[sequence];
    }

    /// <summary>One collective call of Split.</summary>
    private sealed class SplitRound(int?[] colours)
    {
        internal int?[] Colours { get; } = colours;

        internal Dictionary<int, InProcessGroup> Groups { get; } = [];

        internal int Left { get; set; }
    }
}
