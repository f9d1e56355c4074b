namespace Daso.Communication;

/// <summary>The blocking forms of the collectives; each returns the bytes booked on this rank.</summary>
public static class CommunicatorExtensions
{
    /// <summary>Reduces over all ranks, in place.</summary>
    public static long AllReduce(
        this ICommunicator communicator, Memory<float> values, ReduceOperation operation, WireFormat wire = WireFormat.Float32) =>
        communicator.StartAllReduce(values, operation, wire).Wait();

    /// <summary>Copies the root's values to every rank.</summary>
    public static long Broadcast(this ICommunicator communicator, Memory<float> values, int root) =>
        communicator.StartBroadcast(values, root).Wait();

    /// <summary>Gathers every rank's values in rank order.</summary>
    public static long AllGather(this ICommunicator communicator, ReadOnlyMemory<float> mine, Memory<float> all) =>
        communicator.StartAllGather(mine, all).Wait();

    /// <summary>Returns when every rank has called it.</summary>
    public static void Barrier(this ICommunicator communicator) => communicator.StartBarrier().Wait();
}
