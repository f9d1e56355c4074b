namespace Daso.Communication;

/// <summary>One rank's view of an in-process group: shared memory, and the emulated link where the group spans nodes.</summary>
internal sealed class InProcessCommunicator(InProcessGroup group, int member) : Communicator
{
    private long _operations;
    private long _splits;

    public override string Name => group.Name;

    public override int Rank => member;

    public override int Size => group.Size;

    public override bool TakesDeviceMemory => false;

    public override ICommunicator Split(int colour, string name)
    {
        (InProcessGroup child, int rank) = group.Split(member, _splits++, colour, name);
        return new InProcessCommunicator(child, rank);
    }

    public override bool IsCompleted(long token) => group.IsCompleted(token);

    public override long Wait(long token) => group.Wait(member, token);

    public override void Dispose()
    {
        // The group holds managed memory only and ends with its last communicator.
    }

    protected override PendingOperation Start(CollectiveCall call, Memory<float> values, ReadOnlyMemory<float> contribution = default)
    {
        long sequence = _operations++;
        group.Start(member, sequence, call, values, contribution);
        return new PendingOperation(this, sequence);
    }
}
