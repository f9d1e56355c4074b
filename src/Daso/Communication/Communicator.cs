namespace Daso.Communication;

/// <summary>What all kinds of groups share: an operation of <see cref="ICommunicator"/> becomes a call, which the kind carries out.</summary>
internal abstract class Communicator : ICommunicator, IOperationSource
{
    public abstract string Name { get; }

    public abstract long Id { get; }

    public abstract int Rank { get; }

    public abstract int Size { get; }

    public abstract IReadOnlyList<AllReduceWay> AllReduceWays { get; }

    public PendingOperation StartAllReduce(TensorRange values, ReduceOperation operation, WireFormat? wire = null) =>
        StartOn(Reduction(CollectiveKind.AllReduce, values, operation, wire), values, Whole(values), Whole(values));

    public PendingOperation StartReduceScatter(
        TensorRange values, Partition parts, ReduceOperation operation, WireFormat? wire = null) => StartOn(
        Reduction(CollectiveKind.ReduceScatter, values, operation, wire) with { Parts = Fitting(parts, values) },
        values,
        Whole(values),
        parts[Rank]);

    public PendingOperation StartAllGather(TensorRange values, Partition parts, WireFormat? wire = null) => StartOn(
        Call(CollectiveKind.AllGather, values, wire) with { Parts = Fitting(parts, values) }, values, parts[Rank], Whole(values));

    public PendingOperation StartBroadcast(TensorRange values, int root)
    {
        RequireRank(root, nameof(root));
        (int, int) whole = Whole(values), none = default;
        return StartOn(
            Call(CollectiveKind.Broadcast, values, null) with { Root = root },
            values,
            root == Rank ? whole : none,
            root == Rank ? none : whole);
    }

    public PendingOperation StartSend(TensorRange values, int target, int tag = 0, WireFormat? wire = null) => StartOn(
        Transfer(values, tag, wire) with { Root = Rank, Target = Other(target, nameof(target)) }, values, Whole(values), default);

    public PendingOperation StartReceive(TensorRange values, int source, int tag = 0, WireFormat? wire = null) => StartOn(
        Transfer(values, tag, wire) with { Root = Other(source, nameof(source)), Target = Rank }, values, default, Whole(values));

    public PendingOperation StartBarrier() => Start(new CollectiveCall(CollectiveKind.Barrier, ElementType.Byte, 0), default, null);

    public abstract ICommunicator Split(int colour, string name);

    public abstract bool IsCompleted(long token);

    public abstract long Wait(long token);

    public abstract void Dispose();

    /// <summary>Whether the group carries a call out in the memory of a GPU; else it is staged in memory of the host.</summary>
    protected abstract bool TakesDeviceMemory(CollectiveCall call);

    /// <summary>Whether a mean of device memory comes divided from the group.</summary>
    protected virtual bool TakesMeansOnDevices => false;

    /// <summary>Starts a call.</summary>
    /// <param name="call">What.</param>
    /// <param name="values">This rank's range, of memory that operations work on.</param>
    /// <param name="lease">To be returned when the call is done; null: memory of the host.</param>
    protected abstract PendingOperation Start(CollectiveCall call, TensorRange values, IMemoryLease? lease);

    /// <summary>A group's id: of all groups of a job that were split in one round, no two have the same first rank.</summary>
    /// <param name="number">The round's number, new to all ranks that took part.</param>
    /// <param name="firstWorldRank">The group's first member.</param>
    protected static long IdOf(int number, int firstWorldRank) => ((long)number << 20) + firstWorldRank;

    /// <summary>Starts a call on the range that the user has given, which may lie in a tensor on a device.</summary>
    /// <param name="call">What.</param>
    /// <param name="values">This rank's range.</param>
    /// <param name="reads">The part of it that is read.</param>
    /// <param name="writes">The part of it that is written.</param>
    internal virtual PendingOperation StartOn(CollectiveCall call, TensorRange values, (int, int) reads, (int, int) writes)
    {
        if (values.Memory is not DeviceTensor device)
            return Start(call, values, null);
        bool isDirect = TakesDeviceMemory(call);
        IMemoryLease lease = device.Lease(new LeaseRequest(values.Offset, values.Length, reads, writes, isDirect)
        {
            Wire = call.Wire,
            After = values.After,
            DivisorBefore = call is { IsReduction: true, Operation: ReduceOperation.PredividedMean } ? Size : 1,
            DivisorAfter = call is { IsReduction: true, Operation: ReduceOperation.Mean } && !TakesMeansOnDevices ? Size : 1,
        });
        return Start(call, lease.Range, lease);
    }

    private static CollectiveCall Call(CollectiveKind kind, TensorRange values, WireFormat? wire)
    {
        if (values.Type != ElementType.Float32 && wire is not null)
            throw new ArgumentException($"{values.Type} travels as it is, not as {wire}", nameof(wire));
        return new CollectiveCall(kind, values.Type, values.Length) { Wire = wire ?? WireFormat.Float32 };
    }

    private static CollectiveCall Reduction(CollectiveKind kind, TensorRange values, ReduceOperation operation, WireFormat? wire)
    {
        bool isMean = operation is ReduceOperation.Mean or ReduceOperation.PredividedMean;
        if (values.Type == ElementType.Byte || (values.Type == ElementType.Int64 && isMean))
            throw new ArgumentException($"there is no {operation} of {values.Type}", nameof(operation));
        return Call(kind, values, wire) with { Operation = operation };
    }

    private static CollectiveCall Transfer(TensorRange values, int tag, WireFormat? wire)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(tag);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(tag, CommunicatorExtensions.LargestTag);
        return Call(CollectiveKind.Transfer, values, wire) with { UserTag = tag };
    }

    private static (int Offset, int Length) Whole(TensorRange values) => (0, values.Length);

    private Partition Fitting(Partition parts, TensorRange values)
    {
        if (parts.Count != Size || parts.Length != values.Length)
        {
            throw new ArgumentException(
                $"{parts.Count} parts of {parts.Length} elements do not fit {Size} ranks and {values.Length} elements", nameof(parts));
        }

        return parts;
    }

    private int Other(int rank, string name)
    {
        RequireRank(rank, name);
        ArgumentOutOfRangeException.ThrowIfEqual(rank, Rank, name);
        return rank;
    }

    private void RequireRank(int rank, string name)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rank, name);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(rank, Size, name);
    }
}
