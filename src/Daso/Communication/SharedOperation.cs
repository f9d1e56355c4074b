using Daso.Timing;

namespace Daso.Communication;

/// <summary>
/// One collective of an in-process group: gathers the members' buffers, is carried out piece by piece once all are there, and is reused
/// when all have waited.
/// </summary>
internal sealed class SharedOperation(InProcessGroup group)
{
    private readonly object _gate = new();
    private readonly Memory<float>[] _buffers = new Memory<float>[group.Size];
    private readonly ReadOnlyMemory<float>[] _contributions = new ReadOnlyMemory<float>[group.Size];
    private readonly bool[] _hasArrived = new bool[group.Size];
    private int _arrived;
    private int _waited;
    private bool _isDone;

    internal InProcessGroup Group => group;

    internal CollectiveCall Call { get; private set; }

    internal bool IsDone => Volatile.Read(ref _isDone);

    /// <summary>Pieces in which the operation is carried out and delivered.</summary>
    internal int Pieces => Math.Max(1, (Call.Elements + Reduction.PieceElements - 1) / Reduction.PieceElements);

    /// <summary>Adds a member. Returns whether it was the last one: the operation can be carried out.</summary>
    internal bool Arrive(int member, CollectiveCall call, Memory<float> values, ReadOnlyMemory<float> contribution)
    {
        lock (_gate)
        {
            if (_arrived == 0)
                Call = call;
            else if (call != Call)
                throw new InvalidOperationException($"the ranks of {group.Name} disagree: this one started {call}, another {Call}");

            _buffers[member] = values;
            _contributions[member] = contribution;
            _hasArrived[member] = true;
            return ++_arrived == group.Size;
        }
    }

    /// <summary>
    /// Waits until the members' buffers have arrived, if they are copies from a GPU. The last member waits here itself, for a copy at most:
    /// nothing can begin before, and threads of one process are not where GPUs are timed.
    /// </summary>
    internal void WaitForMemory()
    {
        for (int member = 0; member < _buffers.Length; member++)
        {
            Wait(ArrivingMemory.Behind(_buffers[member]));
            Wait(ArrivingMemory.Behind(_contributions[member]));
        }

        void Wait(ArrivingMemory? memory)
        {
            var spin = default(SpinWait);
            while (memory is { HasArrived: false })
            {
                group.Job.ThrowIfEnded();
                spin.SpinOnce();
            }
        }
    }

    /// <summary>Carries out piece <paramref name="piece"/>; the last one completes the operation.</summary>
    internal void Run(int piece, PieceScratch scratch)
    {
        int offset = piece * Reduction.PieceElements;
        int length = Math.Min(Reduction.PieceElements, Call.Elements - offset);
        switch (Call.Kind)
        {
            case CollectiveKind.AllReduce when length > 0:
                Reduction.Reduce(_buffers, group.MembersByNode, offset, length, Call.Operation, Call.Wire, scratch);
                break;
            case CollectiveKind.Broadcast when length > 0:
                Span<float> source = _buffers[Call.Root].Span.Slice(offset, length);
                for (int i = 0; i < _buffers.Length; i++)
                {
                    if (i != Call.Root)
                        source.CopyTo(_buffers[i].Span.Slice(offset, length));
                }

                break;
            case CollectiveKind.AllGather when piece == Pieces - 1:
                Gather();
                break;
        }

        if (piece == Pieces - 1)
            Complete();
    }

    /// <summary>Blocks until the operation is done. Returns whether this was the last member to wait: the operation can be reused.</summary>
    internal bool Wait(TimeSpan limit)
    {
        lock (_gate)
        {
            var deadline = Deadline.After(limit);
            while (!_isDone && !group.Job.Ended.IsCancellationRequested && !deadline.HasPassed)
                Monitor.Wait(_gate, deadline.Left);

            if (_isDone)
                return ++_waited == group.Size;
        }

        // Not with the lock: both end by waiting for whoever carries out this operation, who needs the lock to complete it.
        group.Job.ThrowIfEnded();
        throw new TimeoutException($"{Call} on {group.Name} not done within {limit.TotalSeconds:0} s; missing: {Missing()}");
    }

    internal void Reset()
    {
        Array.Clear(_buffers);
        Array.Clear(_contributions);
        Array.Clear(_hasArrived);
        _arrived = _waited = 0;
        _isDone = false;
    }

    /// <summary>Wakes the members that wait, to see that the job has ended.</summary>
    internal void Wake()
    {
        lock (_gate)
            Monitor.PulseAll(_gate);
    }

    private void Complete()
    {
        lock (_gate)
        {
            _isDone = true;
            Monitor.PulseAll(_gate);
        }
    }

    private void Gather()
    {
        int length = Call.Elements / group.Size;
        for (int from = 0; from < group.Size; from++)
        {
            foreach (Memory<float> target in _buffers)
                _contributions[from].Span.CopyTo(target.Span.Slice(from * length, length));
        }
    }

    private string Missing()
    {
        IEnumerable<int> ranks = Enumerable.Range(0, group.Size).Where(member => !_hasArrived[member]).Select(group.WorldRankOf);
        string text = string.Join(", ", ranks.Select(rank => $"rank {rank}"));
        return text.Length == 0 ? "no rank, the link is slow" : text;
    }
}
