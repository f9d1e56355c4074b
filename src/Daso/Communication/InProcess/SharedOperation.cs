using Daso.Timing;

namespace Daso.Communication.InProcess;

/// <summary>
/// One operation of an in-process group: gathers the ranges of those who take part, is carried out piece by piece once all are there, and
/// is reused when all have waited.
/// </summary>
internal sealed class SharedOperation(InProcessGroup group)
{
    private readonly object _gate = new();
    private readonly TensorRange[] _ranges = new TensorRange[group.Size];
    private readonly bool[] _hasArrived = new bool[group.Size];
    private int _arrived;
    private int _waited;
    private bool _isDone;

    internal InProcessGroup Group => group;

    internal CollectiveCall Call { get; private set; }

    internal bool IsDone => Volatile.Read(ref _isDone);

    /// <summary>Pieces in which the operation is carried out and delivered.</summary>
    internal int Pieces => IsOnDevices ? 1 : Call.Parts?.Pieces(PieceElements)
        ?? Math.Max(1, (int)(((long)Call.Elements + PieceElements - 1) / PieceElements));

    private int PieceElements => Reduction.PieceElementsOf(Call.Type);

    /// <summary>Whether the ranks' GPUs carry the operation out: it is done here when it is queued.</summary>
    private bool IsOnDevices => _ranges[0].Memory is DeviceMemory;

    /// <summary>Those who take part.</summary>
    private int Members => Call.Kind == CollectiveKind.Transfer ? 2 : group.Size;

    /// <summary>Adds a member. Returns whether it was the last one: the operation can be carried out.</summary>
    internal bool Arrive(int member, CollectiveCall call, TensorRange values)
    {
        lock (_gate)
        {
            if (_arrived == 0)
                Call = call;
            else if (call != Call)
                throw new InvalidOperationException($"the ranks of {group.Name} disagree: this one started {call}, another {Call}");

            _ranges[member] = values;
            _hasArrived[member] = true;
            return ++_arrived == Members;
        }
    }

    /// <summary>
    /// Waits until the members' ranges have arrived, if they are copies from a GPU. The last member waits here itself, for a copy at most:
    /// nothing can begin before, and threads of one process are not where GPUs are timed.
    /// </summary>
    internal void WaitForMemory()
    {
        foreach (TensorRange range in _ranges)
        {
            var spin = default(SpinWait);
            while (!(range.Memory is DeviceMemory device ? device.IsQueued : range.HasArrived))
            {
                group.Job.ThrowIfEnded();
                spin.SpinOnce();
            }
        }
    }

    /// <summary>Carries out piece <paramref name="piece"/>; the last one completes the operation.</summary>
    internal void Run(int piece, PieceScratch scratch)
    {
        if (IsOnDevices)
        {
            QueueOnDevices();
            Complete();
            return;
        }

        (int part, int offset, int length) = RangeOf(piece);
        if (length > 0)
        {
            switch (Call.Kind)
            {
                case CollectiveKind.AllReduce:
                    Reduce(_ranges, offset, length, scratch);
                    break;
                case CollectiveKind.ReduceScatter:
                    Reduce(_ranges.AsSpan(part, 1), offset, length, scratch);
                    break;
                case CollectiveKind.AllGather:
                    Round(_ranges[part], offset, length);
                    Copy(part, offset, length);
                    break;
                case CollectiveKind.Broadcast:
                    Copy(Call.Root, offset, length);
                    break;
                case CollectiveKind.Transfer:
                    Copy(_ranges[Call.Root], _ranges[Call.Target], offset, length);
                    Round(_ranges[Call.Target], offset, length);
                    break;
            }
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
                return ++_waited == Members;
        }

        // Not with the lock: both end by waiting for whoever carries out this operation, who needs the lock to complete it.
        group.Job.ThrowIfEnded();
        throw new TimeoutException($"{Call} on {group.Name} not done within {limit.TotalSeconds:0} s; missing: {Missing()}");
    }

    internal void Reset()
    {
        Array.Clear(_ranges);
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

    /// <summary>A piece's elements, and whose part they are.</summary>
    private (int Part, int Offset, int Length) RangeOf(int piece)
    {
        if (Call.Parts is Partition parts)
            return parts.Piece(piece, PieceElements);
        int offset = piece * PieceElements;
        return (0, offset, Math.Min(PieceElements, Call.Elements - offset));
    }

    private void Reduce(ReadOnlySpan<TensorRange> targets, int offset, int length, PieceScratch scratch)
    {
        if (Call.Type == ElementType.Int64)
        {
            Span<long> integers = Reduction.Reduce(_ranges, offset, length, Call.Operation, scratch);
            foreach (TensorRange target in targets)
                integers.CopyTo(target.Integers[offset..]);
            return;
        }

        Span<float> result = Reduction.Reduce(_ranges, group.MembersByNode, offset, length, Call.Operation, Call.Wire, scratch);
        foreach (TensorRange target in targets)
            result.CopyTo(target.Floats[offset..]);
    }

    /// <summary>Each member's device does its share, on a stream beside its computation; all results wait for all shares.</summary>
    private void QueueOnDevices()
    {
        for (int member = 0; member < _ranges.Length; member++)
            ((DeviceMemory)_ranges[member].Memory!).QueueShare(Call, _ranges, member);
        foreach (TensorRange range in _ranges)
            ((DeviceMemory)range.Memory!).AwaitShares();
    }

    private void Round(TensorRange values, int offset, int length)
    {
        if (!Call.IsExact)
            Call.Wire.Round(values.Floats.Slice(offset, length));
    }

    private void Copy(int source, int offset, int length)
    {
        for (int member = 0; member < _ranges.Length; member++)
        {
            if (member != source)
                Copy(_ranges[source], _ranges[member], offset, length);
        }
    }

    private static void Copy(TensorRange source, TensorRange target, int offset, int length) =>
        source.Slice(offset, length).Bytes.CopyTo(target.Slice(offset, length).Bytes);

    private void Complete()
    {
        foreach (TensorRange range in _ranges)
            range.Complete();
        lock (_gate)
        {
            _isDone = true;
            Monitor.PulseAll(_gate);
        }
    }

    private string Missing()
    {
        bool isTransfer = Call.Kind == CollectiveKind.Transfer;
        IEnumerable<int> ranks = Enumerable.Range(0, group.Size)
            .Where(member => !_hasArrived[member] && (!isTransfer || member == Call.Root || member == Call.Target))
            .Select(group.WorldRankOf);
        string text = string.Join(", ", ranks.Select(rank => $"rank {rank}"));
        return text.Length == 0 ? "no rank, the link is slow" : text;
    }
}
