namespace Daso.Communication.Mpi;

/// <summary>
/// An operation in two levels: inside a node through shared memory, between nodes piece by piece, each rank of a few with its own pieces.
/// Reductions and gathers go over the pieces' homes (<see cref="HomeLane"/>), small all-reduces in rounds (<see cref="RoundsLane"/>), a
/// broadcast along a chain of nodes (<see cref="ChainLane"/>). Sums are taken in each node in rank order, then node after node: they have
/// the bits of the in-process group, which adds in the same order. Used by the communication thread only.
/// </summary>
internal sealed class HierarchicalCollective : ICollective, INodeSide
{
    /// <summary>Ranks of a node that exchange with other nodes, at most: two fill a link in both directions, more use more cards.</summary>
    private const int MaximumLanes = 4;

    private readonly int[][] _nodes;
    private readonly int[] _nodeOf;
    private readonly int _rank;
    private readonly int _node;
    private readonly int _member;
    private readonly int _lanes;
    private readonly NodeExchange? _exchange;
    private readonly HomeLane? _homes;
    private readonly RoundsLane? _rounds;
    private readonly ChainLane _chain;
    private readonly Func<int, int> _homeOf;
    private CollectiveCall _call;
    private TensorRange _values;
    private PiecePlan _plan;
    private ILane? _lane;
    private int _contributed;
    private int _taken;

    /// <summary>Prepares for a group's operations, one at a time. Collective.</summary>
    /// <param name="library">Moves the pieces.</param>
    /// <param name="communicator">The group.</param>
    /// <param name="rank">This rank's number in it.</param>
    /// <param name="nodeOf">The node of each rank.</param>
    /// <param name="ranksOnMachine">All ranks that share this machine's memory, whatever their group.</param>
    /// <exception cref="UserErrorException">A node has no room for the memory that its ranks share.</exception>
    internal HierarchicalCollective(MpiLibrary library, nint communicator, int rank, IReadOnlyList<int> nodeOf, int ranksOnMachine)
    {
        _rank = rank;
        _nodes = [.. Enumerable.Range(0, nodeOf.Count).GroupBy(one => nodeOf[one]).Select(node => node.ToArray())];
        _nodeOf = [.. Enumerable.Range(0, nodeOf.Count).Select(one => Array.FindIndex(_nodes, node => node.Contains(one)))];
        _node = _nodeOf[rank];
        _member = Array.IndexOf(_nodes[_node], rank);
        _lanes = _nodes.Length == 1
            ? Math.Min(_nodes[0].Length, NodeExchange.MaximumSlots(ranksOnMachine))
            : Math.Min(MaximumLanes, _nodes.Min(node => node.Length));
        if (_nodes.Any(node => node.Length > 1))
        {
            nint together = library.Split(communicator, _node, rank);
            if (_nodes[_node].Length > 1)
                _exchange = new NodeExchange(library, together, NodeExchange.SlotsFor(_lanes, ranksOnMachine));
            library.Free(together);
        }

        _homeOf = HomeOf;
        if (_member < _lanes)
        {
            int[] peers = [.. _nodes.Select(node => node[_member])];
            _homes = new HomeLane(library, communicator, peers, _node, this);
            _rounds = new RoundsLane(library, communicator, peers, _node, this);
        }

        _chain = new ChainLane(library, communicator, this);
    }

    public long BytesToOtherNodes => _lane?.SentBytes ?? 0;

    private CollectiveWay Way => _call.Kind == CollectiveKind.Broadcast ? CollectiveWay.Chain
        : RoundsLane.Takes(_call, _nodes.Length) ? CollectiveWay.Rounds
        : CollectiveWay.Homes;

    public void Begin(CollectiveCall call, TensorRange values)
    {
        _call = call;
        _values = values;
        _contributed = _taken = 0;
        switch (Way)
        {
            case CollectiveWay.Chain:
                _plan = PiecePlan.Of(call, nodes: 1);
                _lane = BeginChain();
                break;
            case CollectiveWay.Rounds:
                _plan = PiecePlan.Whole(call);
                _lane = _member == 0 ? _rounds : null;
                if (_member == 0)
                    _rounds!.Begin(_plan.BytesOf(0), TagOf(call));
                break;
            default:
                _plan = PiecePlan.Of(call, _nodes.Length);
                _lane = _homes;
                _homes?.Begin(_plan, _homeOf, call, _member, _lanes, TagOf(call));
                break;
        }
    }

    public bool Advance() => Contribute() | (_lane?.Advance() ?? false) | Take();

    public bool Finish()
    {
        if (_lane is { IsDone: false } || (_exchange is not null && _taken < _plan.Pieces))
            return false;
        _exchange?.End(_plan.Pieces);
        _values = default;
        return true;
    }

    public void Dispose()
    {
        _homes?.Dispose();
        _rounds?.Dispose();
        _chain.Dispose();
        _exchange?.Dispose();
    }

    /// <summary>Of a broadcast the slot has to be free; else its contributions say so, which are written when it is.</summary>
    bool IPieceSide.IsReady(int piece) => _exchange is null
        || (_call.Kind == CollectiveKind.Broadcast ? _exchange.IsFree(piece) : _exchange.IsContributed(piece));

    void IPieceSide.Collect(int piece, Span<byte> bytes)
    {
        (int part, _, int elements) = _plan.RangeOf(piece);
        if (!_call.IsReduction && _call.Kind != CollectiveKind.Barrier)
        {
            CollectSource(piece, _call.Kind == CollectiveKind.Broadcast ? _call.Root : part, bytes);
            return;
        }

        if (_exchange is null)
            WirePieces.Contribute(_call, ValuesOf(piece), bytes, _nodeOf.Length);
        else
            _exchange.Slot(0, piece, bytes.Length).CopyTo(bytes);
        for (int member = 1; member < _nodes[_node].Length; member++)
            WirePieces.Accumulate(_call, bytes, _exchange!.Slot(member, piece, bytes.Length), elements);
    }

    void INodeSide.Accumulate(int piece, Span<byte> sum, ReadOnlySpan<byte> contribution) =>
        WirePieces.Accumulate(_call, sum, contribution, _plan.RangeOf(piece).Length);

    void INodeSide.Finish(int piece, Span<byte> sum) => WirePieces.Finish(_call, sum, _plan.RangeOf(piece).Length, _nodeOf.Length);

    void IPieceSide.Share(int piece, ReadOnlySpan<byte> bytes)
    {
        if (_exchange is null)
        {
            Receive(piece, bytes);
            return;
        }

        bytes.CopyTo(_exchange.Slot(_member, piece, bytes.Length));
        _exchange.Finished(piece);
    }

    void INodeSide.Pass(int piece) => _exchange?.Finished(piece);

    /// <summary>The root's node, then node after node; on each one rank, the bridge, receives, shares and sends on.</summary>
    private ChainLane? BeginChain()
    {
        int count = _nodes.Length, rootNode = _nodeOf[_call.Root], place = (_node - rootNode + count) % count;
        if (_member != BridgeOf(_node))
            return null;
        int? before = place == 0 ? null : RankAt(_node + count - 1);
        int? after = place == count - 1 ? null : RankAt(_node + 1);
        _chain.Begin(before, after, _plan, TagOf(_call));
        return _chain;

        int RankAt(int node) => _nodes[node % count][BridgeOf(node % count)];
    }

    private int BridgeOf(int node) => node == _nodeOf[_call.Root] ? Array.IndexOf(_nodes[node], _call.Root) : 0;

    /// <summary>Where a piece's sums meet, or its values come from: of a part the node of its rank.</summary>
    private int HomeOf(int piece) => _call.Parts is null ? piece / _lanes % _nodes.Length : _nodeOf[_plan.RangeOf(piece).Part];

    /// <summary>Who brings a piece's result into this node.</summary>
    private int OwnerOf(int piece) => Way switch
    {
        CollectiveWay.Chain => BridgeOf(_node),
        CollectiveWay.Rounds => 0,
        _ => piece % _lanes,
    };

    /// <summary>Inside the node: writes this rank's next contribution where the piece's owner reads it.</summary>
    private bool Contribute()
    {
        if (_exchange is null || _call.Kind == CollectiveKind.Broadcast || _contributed == _plan.Pieces || !_exchange.IsFree(_contributed))
            return false;
        int piece = _contributed++;
        Span<byte> slot = _exchange.Slot(_member, piece, _plan.BytesOf(piece));
        if (_call.IsReduction)
            WirePieces.Contribute(_call, ValuesOf(piece), slot, _nodeOf.Length);
        else if (_call.Kind == CollectiveKind.AllGather && _plan.RangeOf(piece).Part == _rank)
            WirePieces.Pack(_call, ValuesOf(piece), slot);
        _exchange.Contributed(piece);
        return true;
    }

    /// <summary>Takes the values of a rank on this node.</summary>
    private void CollectSource(int piece, int source, Span<byte> bytes)
    {
        if (source == _rank)
            WirePieces.Pack(_call, ValuesOf(piece), bytes);
        else
            _exchange!.Slot(Array.IndexOf(_nodes[_node], source), piece, bytes.Length).CopyTo(bytes);
    }

    /// <summary>Inside the node: takes the next result from the rank that brought it.</summary>
    private bool Take()
    {
        if (_exchange is null || _taken == _plan.Pieces || !_exchange.IsFinished(OwnerOf(_taken), _taken))
            return false;
        int piece = _taken++;
        Receive(piece, _exchange.Slot(OwnerOf(piece), piece, _plan.BytesOf(piece)));
        _exchange.Taken(piece);
        return true;
    }

    /// <summary>Reads a result, if it is for this rank and not its own values.</summary>
    private void Receive(int piece, ReadOnlySpan<byte> bytes)
    {
        bool isWanted = _call.Kind switch
        {
            CollectiveKind.ReduceScatter => _plan.RangeOf(piece).Part == _rank,
            CollectiveKind.AllGather => _plan.RangeOf(piece).Part != _rank || !_call.IsExact,
            CollectiveKind.Broadcast => _call.Root != _rank,
            _ => true,
        };
        if (isWanted)
            WirePieces.Unpack(_call, bytes, ValuesOf(piece));
    }

    private TensorRange ValuesOf(int piece)
    {
        (_, int offset, int length) = _plan.RangeOf(piece);
        return _values.Slice(offset, length);
    }

    /// <summary>A number, the same on all ranks, that keeps the messages of different calls apart; even, the next one is the call's too.</summary>
    private static int TagOf(CollectiveCall call)
    {
        long mixed = (((long)call.Elements * 8) + (int)call.Kind) * 8 + (int)call.Operation;
        foreach (char letter in call.Wire.Name)
            mixed = (mixed * 31) + letter;
        return 2 * (int)((ulong)((mixed * 31) + call.Root) % ((MpiTransfer.FirstTag - 4) / 2));
    }

    private enum CollectiveWay
    {
        Chain,
        Rounds,
        Homes,
    }
}
