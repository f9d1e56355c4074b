using TransferKey = Daso.Communication.InProcess.InProcessGroup.TransferKey;

namespace Daso.Communication.InProcess;

/// <summary>One rank's view of an in-process group: shared memory, and the emulated link where the group spans nodes.</summary>
internal sealed class InProcessCommunicator : Communicator
{
    private readonly InProcessGroup _group;
    private readonly int _member;
    private readonly Dictionary<(int Source, int Target, int Tag), long> _transfers = [];
    private readonly Dictionary<long, TransferKey> _openTransfers = [];
    private long _operations;
    private long _splits;
    private long _transferTokens;

    internal InProcessCommunicator(InProcessGroup group, int member)
    {
        _group = group;
        _member = member;
        Id = IdOf(group.Number, group.WorldRankOf(0));
        AllReduceWays = [new AllReduceWay("in-process", values => StartAllReduce(values, ReduceOperation.Sum))];
    }

    public override string Name => _group.Name;

    public override long Id { get; }

    public override int Rank => _member;

    public override int Size => _group.Size;

    public override IReadOnlyList<AllReduceWay> AllReduceWays { get; }

    public override ICommunicator Split(int colour, string name)
    {
        (InProcessGroup child, int rank) = _group.Split(_member, _splits++, colour, name);
        return new InProcessCommunicator(child, rank);
    }

    public override bool IsCompleted(long token) => token < 0 ? _group.IsCompleted(_openTransfers[token]) : _group.IsCompleted(token);

    public override long Wait(long token)
    {
        if (token >= 0)
            return _group.Wait(_member, token);
        _openTransfers.Remove(token, out TransferKey key);
        return _group.Wait(_member, key);
    }

    public override void Dispose()
    {
        // The group holds managed memory only and ends with its last communicator.
    }

    /// <summary>Inside a node nothing touches the host; what crosses the emulated link does.</summary>
    protected override bool TakesDeviceMemory(CollectiveCall call) => _group.Nodes.Length == 1
        && call.Elements > 0
        && WireFormat.BuiltIn.Contains(call.Wire)
        && call.Kind is CollectiveKind.AllReduce or CollectiveKind.ReduceScatter or CollectiveKind.AllGather or CollectiveKind.Broadcast;

    protected override PendingOperation Start(CollectiveCall call, TensorRange values, IMemoryLease? lease)
    {
        if (call.Kind == CollectiveKind.Transfer)
            return StartTransfer(call, values, lease);
        long sequence = _operations++;
        _group.Start(_member, sequence, call, values);
        return new PendingOperation(this, sequence, lease);
    }

    private PendingOperation StartTransfer(CollectiveCall call, TensorRange values, IMemoryLease? lease)
    {
        (int, int, int) way = (call.Root, call.Target, call.UserTag);
        long number = _transfers.GetValueOrDefault(way);
        _transfers[way] = number + 1;
        var key = new TransferKey(call.Root, call.Target, call.UserTag, number);
        long token = --_transferTokens;
        _openTransfers.Add(token, key);
        _group.Start(_member, key, call, values);
        return new PendingOperation(this, token, lease);
    }
}
