namespace Daso.Communication;

/// <summary>
/// One rank's view of a group of ranks. Every rank of the group starts the same collective operations in the same order; a communicator is
/// used by one thread at a time. An operation is started, runs beside the caller, and is finished by waiting for it. Its range may not
/// be touched in between. Integers and bytes travel as they are, float32 in a wire format: null is <see cref="WireFormat.Float32"/>.
/// </summary>
public interface ICommunicator : IDisposable
{
    /// <summary>What the group is: "world", "node", "global".</summary>
    string Name { get; }

    /// <summary>Tells the group from all other groups of the job; the same on all its ranks, and on all kinds of clusters. The world's is 0.</summary>
    long Id { get; }

    /// <summary>This rank's number in the group.</summary>
    int Rank { get; }

    /// <summary>The number of ranks in the group.</summary>
    int Size { get; }

    /// <summary>The ways in which the group can carry out an all-reduce, to be compared. Whether one is right for a buffer the group decides.</summary>
    IReadOnlyList<AllReduceWay> AllReduceWays { get; }

    /// <summary>Starts a reduction over all ranks; the range then holds the result.</summary>
    PendingOperation StartAllReduce(TensorRange values, ReduceOperation operation, WireFormat? wire = null);

    /// <summary>
    /// Starts a reduction of which every rank gets a part: rank i's part i then holds the result. The rest of the range is undefined.
    /// </summary>
    /// <param name="values">The whole range.</param>
    /// <param name="parts">A part a rank; the same everywhere.</param>
    /// <param name="operation">What is made of the ranks' values.</param>
    /// <param name="wire">How they travel.</param>
    PendingOperation StartReduceScatter(TensorRange values, Partition parts, ReduceOperation operation, WireFormat? wire = null);

    /// <summary>
    /// Starts a gather: rank i gives its part i of the range, and every rank then has all parts, rounded to the wire format, its own too.
    /// </summary>
    /// <param name="values">The whole range.</param>
    /// <param name="parts">A part a rank; the same everywhere.</param>
    /// <param name="wire">How they travel.</param>
    PendingOperation StartAllGather(TensorRange values, Partition parts, WireFormat? wire = null);

    /// <summary>Starts a copy of the root's values to every rank, bit by bit.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The root is no rank of the group.</exception>
    PendingOperation StartBroadcast(TensorRange values, int root);

    /// <summary>
    /// Starts a message to one rank, which starts <see cref="StartReceive"/> with as many elements of the same type, the same format and
    /// tag. It need not come in an order with the group's collectives, but messages with one tag between two ranks arrive in theirs. Start
    /// both directions before waiting for one: a message may wait for its receiver.
    /// </summary>
    /// <param name="values">What is sent; it stays as it is.</param>
    /// <param name="target">Another rank of the group.</param>
    /// <param name="tag">0 … <see cref="CommunicatorExtensions.LargestTag"/>.</param>
    /// <param name="wire">How it travels.</param>
    /// <exception cref="ArgumentOutOfRangeException">The target is no other rank of the group, or the tag out of its range.</exception>
    PendingOperation StartSend(TensorRange values, int target, int tag = 0, WireFormat? wire = null);

    /// <summary>Starts to take a message of one rank; see <see cref="StartSend"/>.</summary>
    PendingOperation StartReceive(TensorRange values, int source, int tag = 0, WireFormat? wire = null);

    /// <summary>Starts a barrier: done when every rank has started it.</summary>
    PendingOperation StartBarrier();

    /// <summary>
    /// Splits the group: ranks of one colour form a new group, in the order of their ranks here. Collective. The same colour everywhere
    /// gives a second communicator of the same group, whose operations do not mix with this one's.
    /// </summary>
    ICommunicator Split(int colour, string name);
}

/// <summary>A way of carrying out an all-reduce.</summary>
/// <param name="Name">As in a preflight: in-process, daso, library, nccl, two-level.</param>
/// <param name="StartSum">Starts a sum in float32.</param>
public sealed record AllReduceWay(string Name, Func<TensorRange, PendingOperation> StartSum)
{
    /// <summary>The name of our own way, on the host.</summary>
    internal const string OwnName = "daso";

    /// <summary>The name of the way of an MPI library.</summary>
    internal const string LibraryName = "library";

    /// <summary>The name of NCCL's way.</summary>
    internal const string NcclName = "nccl";
}
