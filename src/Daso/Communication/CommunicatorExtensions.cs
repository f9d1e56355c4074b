namespace Daso.Communication;

/// <summary>The blocking forms of the operations; each returns the bytes booked on this rank.</summary>
public static class CommunicatorExtensions
{
    /// <summary>The largest tag of a message.</summary>
    public const int LargestTag = (1 << 14) - 1;

    /// <summary>Reduces over all ranks, in place.</summary>
    public static long AllReduce(
        this ICommunicator communicator, TensorRange values, ReduceOperation operation, WireFormat? wire = null) =>
        communicator.StartAllReduce(values, operation, wire).Wait();

    /// <summary>Reduces over all ranks; each gets its part.</summary>
    public static long ReduceScatter(
        this ICommunicator communicator,
        TensorRange values,
        Partition parts,
        ReduceOperation operation,
        WireFormat? wire = null) =>
        communicator.StartReduceScatter(values, parts, operation, wire).Wait();

    /// <summary>Copies the root's values to every rank.</summary>
    public static long Broadcast(this ICommunicator communicator, TensorRange values, int root) =>
        communicator.StartBroadcast(values, root).Wait();

    /// <summary>Gives every rank all parts of the range, of which each has its own.</summary>
    public static long AllGather(this ICommunicator communicator, TensorRange values, Partition parts, WireFormat? wire = null) =>
        communicator.StartAllGather(values, parts, wire).Wait();

    /// <summary>Gathers as many values of every rank, in rank order.</summary>
    public static T[] Gather<T>(this ICommunicator communicator, params ReadOnlySpan<T> mine)
        where T : unmanaged
    {
        var all = new T[mine.Length * communicator.Size];
        mine.CopyTo(all.AsSpan(communicator.Rank * mine.Length));
        TensorRange range = all switch
        {
            float[] floats => floats,
            long[] integers => integers,
            byte[] bytes => bytes,
            _ => throw new NotSupportedException($"{typeof(T).Name} does not travel"),
        };
        communicator.AllGather(range, Partition.Even(all.Length, communicator.Size));
        return all;
    }

    /// <summary>Returns when every rank has called it.</summary>
    public static void Barrier(this ICommunicator communicator) => communicator.StartBarrier().Wait();
}
