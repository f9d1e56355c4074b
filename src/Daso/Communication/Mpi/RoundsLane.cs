using System.Runtime.InteropServices;

namespace Daso.Communication.Mpi;

/// <summary>
/// One small piece, whose sums all nodes give to all in ⌈log₂ K⌉ rounds (Bruck et al., IEEE TPDS 8(11), 1997: in round i a node sends all
/// that it has to the one 2^i before it); each node then adds them in the order of nodes, so that sums have the bits of the in-process
/// group. A node sends (K − 1)·n.
/// </summary>
/// <param name="library">Moves the pieces.</param>
/// <param name="communicator">The group.</param>
/// <param name="peers">The rank of this lane on each node.</param>
/// <param name="node">This rank's node.</param>
/// <param name="side">What the piece is here.</param>
internal sealed unsafe class RoundsLane(MpiLibrary library, nint communicator, int[] peers, int node, INodeSide side) : ILane
{
    /// <summary>The most that a node sends: below, latency counts for more than bandwidth.</summary>
    private const int MostBytes = 64 * 1024;

    private readonly nint[] _receives = new nint[int.Log2(Math.Max(1, peers.Length - 1)) + 1];
    private byte* _memory;
    private int _bytes;
    private int _tag;
    private int _round;
    private nint _send;
    private bool _isCollected;

    /// <inheritdoc />
    public bool IsDone { get; private set; }

    /// <inheritdoc />
    public long SentBytes { get; private set; }

    private int Nodes => peers.Length;

    /// <summary>Nodes from one round's partner to this node: 1, 2, 4, …</summary>
    private int Distance => 1 << _round;

    /// <summary>Whether an operation goes this way.</summary>
    internal static bool Takes(CollectiveCall call, int nodes) => nodes > 1
        && call.Kind is CollectiveKind.AllReduce or CollectiveKind.Barrier
        && (nodes - 1) * call.WireBytes(call.Elements) <= MostBytes;

    /// <summary>Begins an operation.</summary>
    /// <param name="bytes">The piece's bytes.</param>
    /// <param name="tag">Tells operations apart.</param>
    internal void Begin(int bytes, int tag)
    {
        // The nodes' blocks, this one's first and then of those after it, and the sum.
        if (_memory is null)
            _memory = (byte*)NativeMemory.AlignedAlloc(2 * MostBytes + (nuint)MostBytes, 64);
        _bytes = bytes;
        _tag = tag;
        _isCollected = IsDone = false;
        SentBytes = 0;
        for (_round = 0; Distance < Nodes; _round++)
            _receives[_round] = library.Receive(At(Distance), BlocksOfRound * _bytes, peers[(node + Distance) % Nodes], _tag, communicator);
        _round = 0;
    }

    /// <inheritdoc />
    public bool Advance()
    {
        if (IsDone)
            return false;
        if (!_isCollected)
        {
            if (!side.IsReady(0))
                return false;
            side.Collect(0, Block(0));
            _isCollected = true;
            SendRound();
            return true;
        }

        if (!library.IsDone(ref _send) || !library.IsDone(ref _receives[_round]))
            return false;
        _round++;
        if (Distance < Nodes)
            SendRound();
        else
            AddAll();
        return true;
    }

    public void Dispose()
    {
        NativeMemory.AlignedFree(_memory);
        _memory = null;
    }

    /// <summary>Blocks that are sent in the round: all that are here, or as many as are missing there.</summary>
    private int BlocksOfRound => Math.Min(Distance, Nodes - Distance);

    private void SendRound()
    {
        int bytes = BlocksOfRound * _bytes;
        _send = library.Send(At(0), bytes, peers[(node + Nodes - Distance) % Nodes], _tag, communicator);
        SentBytes += bytes;
    }

    private void AddAll()
    {
        Span<byte> sum = Block(Nodes);
        BlockOf(0).CopyTo(sum);
        for (int other = 1; other < Nodes; other++)
            side.Accumulate(0, sum, BlockOf(other));
        side.Finish(0, sum);
        side.Share(0, sum);
        IsDone = true;
    }

    private Span<byte> BlockOf(int other) => Block((other - node + Nodes) % Nodes);

    private Span<byte> Block(int place) => new(At(place), _bytes);

    private byte* At(int place) => _memory + ((long)place * _bytes);
}
