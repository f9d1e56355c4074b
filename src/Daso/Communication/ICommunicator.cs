namespace Daso.Communication;

/// <summary>How numbers travel. 16-bit formats round to nearest even, and a sum in one is rounded after every addition.</summary>
public enum WireFormat
{
    /// <summary>IEEE 754 binary32: 4 bytes an element.</summary>
    Float32,

    /// <summary>The upper half of binary32: 8 bits of exponent, 7 of fraction; 2 bytes an element.</summary>
    BFloat16,

    /// <summary>IEEE 754 binary16: 5 bits of exponent, 10 of fraction; 2 bytes an element.</summary>
    Float16,
}

/// <summary>What an all-reduce makes of the ranks' values.</summary>
public enum ReduceOperation
{
    /// <summary>The sum in the wire format, added within each node in rank order, then node after node.</summary>
    Sum,

    /// <summary>The sum divided by the group's size, both rounded to the wire format: Horovod's order (a sum, then the post-scale factor).</summary>
    Mean,

    /// <summary>The smallest.</summary>
    Min,

    /// <summary>
    /// The sum of what each rank's value makes when it is rounded, divided by the group's size and rounded again: the order of PyTorch's
    /// fp16 and bf16 compression hooks. It overflows later than <see cref="Mean"/> and loses small values earlier.
    /// </summary>
    PredividedMean,
}

/// <summary>
/// One rank's view of a group of ranks. Every rank of the group starts the same operations in the same order; a communicator is used
/// by one thread at a time. An operation is started, runs beside the caller, and is finished by waiting for it.
/// </summary>
public interface ICommunicator : IDisposable
{
    /// <summary>What the group is: "world", "node", "global".</summary>
    string Name { get; }

    /// <summary>This rank's number in the group.</summary>
    int Rank { get; }

    /// <summary>The number of ranks in the group.</summary>
    int Size { get; }

    /// <summary>
    /// Whether all-reduces in float32, broadcasts and all-gathers also take memory of a GPU. Of an all-gather the rank's own part must then
    /// be in its place already.
    /// </summary>
    bool TakesDeviceMemory { get; }

    /// <summary>Starts a reduction over all ranks. <paramref name="values"/> may not be touched before the wait; it then holds the result.</summary>
    PendingOperation StartAllReduce(Memory<float> values, ReduceOperation operation, WireFormat wire = WireFormat.Float32);

    /// <summary>Starts a copy of the root's values to every rank, bit by bit.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The root is no rank of the group.</exception>
    PendingOperation StartBroadcast(Memory<float> values, int root);

    /// <summary>Starts a gather: rank i's <paramref name="mine"/> ends at i·mine.Length of every rank's <paramref name="all"/>.</summary>
    PendingOperation StartAllGather(ReadOnlyMemory<float> mine, Memory<float> all);

    /// <summary>Starts a barrier: done when every rank has started it.</summary>
    PendingOperation StartBarrier();

    /// <summary>
    /// Splits the group: ranks of one colour form a new group, in the order of their ranks here. Collective. The same colour everywhere
    /// gives a second communicator of the same group, whose operations do not mix with this one's.
    /// </summary>
    ICommunicator Split(int colour, string name);
}

/// <summary>An operation under way.</summary>
/// <param name="source">What runs it.</param>
/// <param name="token">Tells the operation from an older one of the same source.</param>
public readonly struct PendingOperation(IOperationSource source, long token)
{
    /// <summary>Whether a wait would return at once.</summary>
    public bool IsCompleted => source.IsCompleted(token);

    /// <summary>Blocks until the operation is done; called once. Returns the bytes that this rank's node sent to other nodes for it and
    /// that are booked on this rank (each node's bytes are booked on one of its ranks).</summary>
    /// <exception cref="OperationCanceledException">The job ended early: another rank failed, or the user cancelled it.</exception>
    /// <exception cref="TimeoutException">Not all ranks came within the cluster's limit; the message names those missing.</exception>
    public long Wait() => source.Wait(token);
}

/// <summary>What a communicator implements behind <see cref="PendingOperation"/>; reused, so that a step allocates nothing.</summary>
public interface IOperationSource
{
    /// <summary>See <see cref="PendingOperation.IsCompleted"/>.</summary>
    bool IsCompleted(long token);

    /// <summary>See <see cref="PendingOperation.Wait"/>.</summary>
    long Wait(long token);
}
