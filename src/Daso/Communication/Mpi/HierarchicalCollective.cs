namespace Daso.Communication.Mpi;

/// <summary>
/// A collective in two levels: inside a node through shared memory, between nodes along a chain of nodes. All-reduce: partial sums go up
/// the chain, each node adding its ranks' sum, while finished pieces come down; a node's ranks share out the pieces. Between two nodes
/// every byte crosses the link once in each direction, which is the bound; and sums have the bits of the in-process group, which adds in
/// the same order. Used by the communication thread only.
/// </summary>
internal sealed class HierarchicalCollective : ICollective
{
    /// <summary>Ranks of a node that exchange with other nodes, at most: two fill a link in both directions, more use more cards.</summary>
    private const int MaximumLanes = 4;

    private readonly int[][] _nodes;
    private readonly int[] _nodeOf;
    private readonly int _node;
    private readonly int _member;
    private readonly int _size;
    private readonly NodeExchange? _exchange;
    private readonly PieceLane _up;
    private readonly PieceLane _down;
    private CollectiveCall _call;
    private TensorRange _values;
    private TensorRange _roundValues;
    private PiecePlan _plan;
    private int _round;
    private int _owners;
    private int _bridge;
    private int _contributed;
    private int _taken;
    private bool _isRoot;
    private byte[]? _nodeSum;

    /// <summary>Prepares for a group's operations, one at a time. Collective.</summary>
    /// <param name="library">Moves the pieces.</param>
    /// <param name="communicator">The group.</param>
    /// <param name="rank">This rank's number in it.</param>
    /// <param name="nodeOf">The node of each rank.</param>
    /// <param name="ranksOnMachine">All ranks that share this machine's memory, whatever their group.</param>
    /// <exception cref="UserErrorException">A node has no room for the memory that its ranks share.</exception>
    internal HierarchicalCollective(MpiLibrary library, nint communicator, int rank, IReadOnlyList<int> nodeOf, int ranksOnMachine)
    {
        _size = nodeOf.Count;
        _nodes = [.. Enumerable.Range(0, _size).GroupBy(one => nodeOf[one]).Select(node => node.ToArray())];
        _nodeOf = [.. Enumerable.Range(0, _size).Select(one => Array.FindIndex(_nodes, node => node.Contains(one)))];
        _node = _nodeOf[rank];
        _member = Array.IndexOf(_nodes[_node], rank);
        Lanes = _nodes.Length == 1
            ? Math.Min(_size, NodeExchange.MaximumSlots(ranksOnMachine))
            : Math.Min(MaximumLanes, _nodes.Min(node => node.Length));
        if (_nodes.Any(node => node.Length > 1))
        {
            nint together = library.Split(communicator, _node, rank);
            if (_nodes[_node].Length > 1)
                _exchange = new NodeExchange(library, together, NodeExchange.SlotsFor(Lanes, ranksOnMachine));
            library.Free(together);
        }

        _up = new PieceLane(library, communicator, IsReadyForUp, AddNode);
        _down = new PieceLane(library, communicator, IsReadyForDown, Deliver);
    }

    /// <summary>Ranks of a node among whom an all-reduce's pieces are shared out.</summary>
    internal int Lanes { get; }

    public long BytesToOtherNodes { get; private set; }

    public void Begin(CollectiveCall call, TensorRange values)
    {
        _call = call;
        _values = values;
        BytesToOtherNodes = 0;
        _round = 0;
        BeginRound();
    }

    public bool Advance() => Contribute() | _up.Advance() | _down.Advance() | Take();

    public bool Finish()
    {
        if (!_up.IsDone || !_down.IsDone || (_exchange is not null && _taken < _plan.Pieces))
            return false;
        BytesToOtherNodes += _up.SentBytes + _down.SentBytes;
        _exchange?.End(_plan.Pieces);
        if (_call.Parts is not null && ++_round < _size)
        {
            BeginRound();
            return false;
        }

        _values = _roundValues = default;
        return true;
    }

    public void Dispose()
    {
        _up.Dispose();
        _down.Dispose();
        _exchange?.Dispose();
    }

    private bool IsBroadcast => _owners == 0;

    /// <summary>A number, the same on all ranks, that keeps the messages of different calls apart.</summary>
    private static int TagOf(CollectiveCall call)
    {
        long mixed = (((long)call.Elements * 8) + (int)call.Kind) * 8 + (int)call.Operation;
        foreach (char letter in call.Wire.Name)
            mixed = (mixed * 31) + letter;
        return (int)((ulong)((mixed * 31) + call.Root) % (MpiTransfer.FirstTag - 3));
    }

    private void BeginRound()
    {
        _contributed = _taken = 0;
        switch (_call.Kind)
        {
            case CollectiveKind.Broadcast:
                BeginBroadcast(_call.Root, _values);
                break;
            case CollectiveKind.ReduceScatter:
                // An all-reduce of each part in turn.
                (int start, int count) = _call.Parts![_round];
                BeginAllReduce(_values.Slice(start, count));
                break;
            case CollectiveKind.AllGather:
                // A broadcast from each rank in turn.
                (int offset, int length) = _call.Parts![_round];
                BeginBroadcast(_round, _values.Slice(offset, length));
                break;
            default:
                // A barrier is an all-reduce of nothing.
                BeginAllReduce(_values);
                break;
        }
    }

    private void BeginAllReduce(TensorRange values)
    {
        _roundValues = values;
        _plan = new PiecePlan(_call, values.Length);
        _owners = Lanes;
        if (_member >= _owners)
        {
            _up.Rest();
            _down.Rest();
            return;
        }

        int? before = _node == 0 ? null : _nodes[_node - 1][_member];
        int? after = IsLastNode ? null : _nodes[_node + 1][_member];
        _up.Begin(before, after, null, _plan, _member, _owners, TagOf(_call));
        if (_nodes.Length == 1)
            _down.Rest();
        else
            _down.Begin(after, before, _up, _plan, _member, _owners, TagOf(_call));
    }

    /// <summary>The root's node, then node after node; on each one rank, the bridge, receives, shares and sends on.</summary>
    private void BeginBroadcast(int root, TensorRange values)
    {
        _roundValues = values;
        _plan = new PiecePlan(_call, values.Length);
        _owners = 0; // no piece has an owner: the bridge has them all
        int rootNode = _nodeOf[root], count = _nodes.Length;
        int place = (_node - rootNode + count) % count;
        _bridge = BridgeOf(place);
        _isRoot = place == 0 && _member == _bridge;
        _up.Rest();
        if (_member == _bridge)
        {
            int? before = place == 0 ? null : RankAt(place - 1);
            int? after = place == count - 1 ? null : RankAt(place + 1);
            _down.Begin(before, after, null, _plan, 0, 1, TagOf(_call));
        }
        else
        {
            _down.Rest();
        }

        int BridgeOf(int at) => at == 0 ? Array.IndexOf(_nodes[rootNode], root) : 0;
        int RankAt(int at) => _nodes[(rootNode + at) % count][BridgeOf(at)];
    }

    private bool IsLastNode => _node == _nodes.Length - 1;

    private bool IsReadyForUp(int piece) => _exchange is null || _exchange.IsContributed(piece);

    private bool IsReadyForDown(int piece) => !IsBroadcast || _exchange is null || _exchange.IsFree(piece);

    /// <summary>Inside the node: writes this rank's next contribution where the piece's owner reads it.</summary>
    private bool Contribute()
    {
        if (_exchange is null || IsBroadcast || _contributed == _plan.Pieces || !_exchange.IsFree(_contributed))
            return false;
        int piece = _contributed++;
        WirePieces.Contribute(_call, ValuesOf(piece), _exchange.Slot(_member, piece, _plan.BytesOf(piece)), _size);
        _exchange.Contributed(piece);
        return true;
    }

    /// <summary>On the way up: adds this node's ranks to the partial result; the last node finishes it.</summary>
    private void AddNode(int piece, Span<byte> bytes)
    {
        int elements = _plan.RangeOf(piece).Length;
        Span<byte> sum = _node == 0 ? bytes : (_nodeSum ??= new byte[PieceLane.PieceBytes]).AsSpan(0, bytes.Length);
        if (_exchange is null)
            WirePieces.Contribute(_call, ValuesOf(piece), sum, _size);
        else
            _exchange.Slot(0, piece, bytes.Length).CopyTo(sum);
        for (int member = 1; member < _nodes[_node].Length; member++)
            WirePieces.Accumulate(_call, sum, _exchange!.Slot(member, piece, bytes.Length), elements);
        if (_node > 0)
            WirePieces.Accumulate(_call, bytes, sum, elements);
        if (!IsLastNode)
            return;
        WirePieces.Finish(_call, bytes, elements, _size);
        Share(piece, bytes);
    }

    /// <summary>On the way down: takes the finished piece, or begins it.</summary>
    private void Deliver(int piece, Span<byte> bytes)
    {
        bool begins = IsBroadcast ? _isRoot : IsLastNode;
        if (begins && _exchange is not null && !IsBroadcast)
        {
            _exchange.Slot(_member, piece, bytes.Length).CopyTo(bytes);
            return;
        }

        if (begins)
            WirePieces.Pack(_call, ValuesOf(piece), bytes);
        if (!begins || _exchange is not null || !_call.IsExact)
            Share(piece, bytes);
    }

    /// <summary>Gives a finished piece to this node's ranks.</summary>
    private void Share(int piece, ReadOnlySpan<byte> bytes)
    {
        if (_exchange is null)
        {
            WirePieces.Unpack(_call, bytes, ValuesOf(piece));
            return;
        }

        bytes.CopyTo(_exchange.Slot(_member, piece, bytes.Length));
        _exchange.Finished(piece);
    }

    /// <summary>Inside the node: takes the next result from the rank that finished it.</summary>
    private bool Take()
    {
        if (_exchange is null || _taken == _plan.Pieces)
            return false;
        int owner = IsBroadcast ? _bridge : _taken % _owners;
        if (!_exchange.IsFinished(owner, _taken) || (owner == _member && _down.StillNeeds(_taken)))
            return false;
        int piece = _taken++;
        if (!_isRoot || !IsBroadcast || !_call.IsExact)
            WirePieces.Unpack(_call, _exchange.Slot(owner, piece, _plan.BytesOf(piece)), ValuesOf(piece));
        _exchange.Taken(piece);
        return true;
    }

    private TensorRange ValuesOf(int piece)
    {
        (int offset, int length) = _plan.RangeOf(piece);
        return _roundValues.Slice(offset, length);
    }
}
