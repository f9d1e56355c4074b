namespace Daso.Communication;

/// <summary>One rank's view of an in-process group: shared memory, and the emulated link where the group spans nodes.</summary>
internal sealed class InProcessCommunicator(InProcessGroup group, int member) : ICommunicator, IOperationSource
{
    private long _operations;
    private long _splits;

    public string Name => group.Name;

    public int Rank => member;

    public int Size => group.Size;

    public bool TakesDeviceMemory => false;

    public PendingOperation StartAllReduce(Memory<float> values, ReduceOperation operation, WireFormat wire = WireFormat.Float32) =>
        Start(new CollectiveCall(CollectiveKind.AllReduce, values.Length, operation, wire, 0), values);

    public PendingOperation StartBroadcast(Memory<float> values, int root) =>
        Start(new CollectiveCall(CollectiveKind.Broadcast, values.Length, default, WireFormat.Float32, root), values);

    public PendingOperation StartAllGather(ReadOnlyMemory<float> mine, Memory<float> all)
    {
        if (all.Length != mine.Length * Size)
            throw new ArgumentException($"{all.Length} elements do not hold {Size} times {mine.Length}", nameof(all));
        return Start(new CollectiveCall(CollectiveKind.AllGather, all.Length, default, WireFormat.Float32, 0), all, mine);
    }

    public PendingOperation StartBarrier() =>
        Start(new CollectiveCall(CollectiveKind.Barrier, 0, default, WireFormat.Float32, 0), default);

    public ICommunicator Split(int colour, string name)
    {
        (InProcessGroup child, int rank) = group.Split(member, _splits++, colour, name);
        return new InProcessCommunicator(child, rank);
    }

    public bool IsCompleted(long token) => group.IsCompleted(token);

    public long Wait(long token) => group.Wait(member, token);

    public void Dispose()
    {
        // The group holds managed memory only and ends with its last communicator.
    }

    private PendingOperation Start(CollectiveCall call, Memory<float> values, ReadOnlyMemory<float> contribution = default)
    {
        long sequence = _operations++;
        group.Start(member, sequence, call, values, contribution);
        return new PendingOperation(this, sequence);
    }
}
