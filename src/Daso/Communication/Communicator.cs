namespace Daso.Communication;

/// <summary>What all kinds of groups share: an operation of <see cref="ICommunicator"/> becomes a call, which the kind carries out.</summary>
internal abstract class Communicator : ICommunicator, IOperationSource
{
    public abstract string Name { get; }

    public abstract int Rank { get; }

    public abstract int Size { get; }

    public abstract bool TakesDeviceMemory { get; }

    public PendingOperation StartAllReduce(Memory<float> values, ReduceOperation operation, WireFormat wire = WireFormat.Float32) =>
        Start(new CollectiveCall(CollectiveKind.AllReduce, values.Length, operation, wire, 0), values);

    public PendingOperation StartBroadcast(Memory<float> values, int root)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(root);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(root, Size);
        return Start(new CollectiveCall(CollectiveKind.Broadcast, values.Length, default, WireFormat.Float32, root), values);
    }

    public PendingOperation StartAllGather(ReadOnlyMemory<float> mine, Memory<float> all)
    {
        if (all.Length != mine.Length * Size)
            throw new ArgumentException($"{all.Length} elements do not hold {Size} times {mine.Length}", nameof(all));
        return Start(new CollectiveCall(CollectiveKind.AllGather, all.Length, default, WireFormat.Float32, 0), all, mine);
    }

    public PendingOperation StartBarrier() =>
        Start(new CollectiveCall(CollectiveKind.Barrier, 0, default, WireFormat.Float32, 0), default);

    public abstract ICommunicator Split(int colour, string name);

    public abstract bool IsCompleted(long token);

    public abstract long Wait(long token);

    public abstract void Dispose();

    /// <summary>Starts a call.</summary>
    /// <param name="call">What.</param>
    /// <param name="values">This rank's buffer.</param>
    /// <param name="contribution">Of an all-gather: this rank's values.</param>
    protected abstract PendingOperation Start(CollectiveCall call, Memory<float> values, ReadOnlyMemory<float> contribution = default);
}
