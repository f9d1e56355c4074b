using System.Runtime.InteropServices;

namespace Daso.Communication.Mpi;

/// <summary>
/// Pieces that have a home among the nodes, each another one in turn: the nodes' sums of a piece meet at its home, and its result goes out
/// from there. All links carry alike, 2·(K − 1)/K·n of an all-reduce, and the home adds the nodes in their order whatever comes first, so
/// that sums have the bits of the in-process group.
/// </summary>
/// <param name="library">Moves the pieces.</param>
/// <param name="communicator">The group.</param>
/// <param name="peers">The rank of this lane on each node.</param>
/// <param name="node">This rank's node.</param>
/// <param name="side">What the pieces are here.</param>
internal sealed unsafe class HomeLane(MpiLibrary library, nint communicator, int[] peers, int node, INodeSide side) : ILane
{
    /// <summary>Pieces under way: half of them on their way to their homes, half back.</summary>
    private const int Window = 8;

    private readonly nint[] _receives = new nint[Window * peers.Length];
    private readonly nint[] _sends = new nint[Window * peers.Length];
    private readonly int _slotBytes = PiecePlan.LargestBytes(peers.Length);
    private byte* _memory;
    private PiecePlan _plan;
    private Func<int, int> _homeOf = null!;
    private bool _isReduced;
    private bool _isShared;
    private int _first;
    private int _stride;
    private int _tag;
    private int _pieces;
    private int _posted;
    private int _collected;
    private int _delivered;
    private int _retired;

    /// <inheritdoc />
    public bool IsDone => _retired == _pieces;

    /// <inheritdoc />
    public long SentBytes { get; private set; }

    private int Nodes => peers.Length;

    /// <summary>Begins an operation with pieces first, first + stride, …</summary>
    /// <param name="plan">The operation's pieces.</param>
    /// <param name="homeOf">The home of each.</param>
    /// <param name="call">Whether they are reduced, and whether all nodes get the result.</param>
    /// <param name="first">This lane's first piece.</param>
    /// <param name="stride">From one of its pieces to the next.</param>
    /// <param name="tag">Tells operations apart; sums have it, results the next.</param>
    internal void Begin(PiecePlan plan, Func<int, int> homeOf, CollectiveCall call, int first, int stride, int tag)
    {
        if (_memory is null)
            _memory = (byte*)NativeMemory.AlignedAlloc((nuint)Window * (nuint)Nodes * (nuint)_slotBytes, 64);
        _plan = plan;
        _homeOf = homeOf;
        _isReduced = call.IsReduction;
        _isShared = call.Kind != CollectiveKind.ReduceScatter;
        _first = first;
        _stride = stride;
        _tag = tag;
        _pieces = first < plan.Pieces ? ((plan.Pieces - first - 1) / stride) + 1 : 0;
        _posted = _collected = _delivered = _retired = 0;
        SentBytes = 0;
    }

    /// <inheritdoc />
    public bool Advance()
    {
        bool hasMoved = false;
        while (_retired < _delivered && AreDone(_sends, _retired))
        {
            _retired++;
            hasMoved = true;
        }

        for (; _posted < Math.Min(_pieces, _retired + Window); _posted++)
        {
            Post(_posted);
            hasMoved = true;
        }

        if (_collected < _posted && side.IsReady(NumberOf(_collected)))
        {
            Collect(_collected++);
            hasMoved = true;
        }

        if (_delivered < _collected && AreDone(_receives, _delivered))
        {
            Deliver(_delivered++);
            hasMoved = true;
        }

        return hasMoved;
    }

    public void Dispose()
    {
        NativeMemory.AlignedFree(_memory);
        _memory = null;
    }

    private void Post(int index)
    {
        int home = HomeOf(index);
        if (home != node && _isShared)
            Receive(index, home, ResultTag);
        for (int i = 1; home == node && _isReduced && i < Nodes; i++)
            Receive(index, (node + i) % Nodes, _tag);
    }

    private void Collect(int index)
    {
        int home = HomeOf(index);
        if (home == node || _isReduced)
            side.Collect(NumberOf(index), Buffer(index, node));
        if (home != node && _isReduced)
            Send(index, node, home, _tag);
    }

    private void Deliver(int index)
    {
        int home = HomeOf(index), number = NumberOf(index);
        if (home != node)
        {
            if (_isShared)
                side.Share(number, Buffer(index, home));
            else
                side.Pass(number);
            return;
        }

        int result = _isReduced ? 0 : node;
        if (_isReduced)
        {
            for (int other = 1; other < Nodes; other++)
                side.Accumulate(number, Buffer(index, 0), Buffer(index, other));
            side.Finish(number, Buffer(index, 0));
        }

        for (int i = 1; _isShared && i < Nodes; i++)
            Send(index, result, (node + i) % Nodes, ResultTag);
        side.Share(number, Buffer(index, result));
    }

    private void Receive(int index, int from, int tag) =>
        _receives[Place(index, from)] = library.Receive(At(index, from), _plan.BytesOf(NumberOf(index)), peers[from], tag, communicator);

    private void Send(int index, int buffer, int to, int tag)
    {
        int bytes = _plan.BytesOf(NumberOf(index));
        _sends[Place(index, to)] = library.Send(At(index, buffer), bytes, peers[to], tag, communicator);
        SentBytes += bytes;
    }

    private bool AreDone(nint[] requests, int index)
    {
        for (int other = 0; other < Nodes; other++)
        {
            ref nint request = ref requests[Place(index, other)];
            if (request != 0 && !library.IsDone(ref request))
                return false;
            request = 0;
        }

        return true;
    }

    private int ResultTag => _tag + 1;

    private int HomeOf(int index) => _homeOf(NumberOf(index));

    private int NumberOf(int index) => _first + (index * _stride);

    private int Place(int index, int other) => (index % Window * Nodes) + other;

    private byte* At(int index, int other) => _memory + ((long)Place(index, other) * _slotBytes);

    private Span<byte> Buffer(int index, int other) => new(At(index, other), _plan.BytesOf(NumberOf(index)));
}
