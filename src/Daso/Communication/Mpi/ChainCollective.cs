using System.Runtime.InteropServices;

namespace Daso.Communication.Mpi;

/// <summary>
/// A collective as pieces that travel along a chain of the group's ranks. All-reduce: partial results go up from the first rank to the
/// last, each adding its own in rank order, while finished pieces come down. Between two nodes every byte crosses the link once in each
/// direction, which is the bound; and sums have the bits of the in-process group, which adds in rank order too.
/// </summary>
internal sealed class ChainCollective : IDisposable
{
    private readonly int _rank;
    private readonly int[] _nodes;
    private readonly Dictionary<int, int[]> _broadcastChains = [];
    private readonly PieceLane _up;
    private readonly PieceLane _down;
    private CollectiveCall _call;
    private Memory<float> _values;
    private Memory<float> _roundValues;
    private int? _before;
    private int? _after;
    private bool _beginsDown;
    private int _round;

    /// <summary>Prepares for a group's operations, one at a time.</summary>
    /// <param name="library">Moves the pieces.</param>
    /// <param name="communicator">The group.</param>
    /// <param name="rank">This rank's number in it.</param>
    /// <param name="nodes">The node of each rank.</param>
    internal ChainCollective(MpiLibrary library, nint communicator, int rank, int[] nodes)
    {
        _rank = rank;
        _nodes = nodes;
        _up = new PieceLane(library, communicator, AddOwn);
        _down = new PieceLane(library, communicator, Deliver);
    }

    /// <summary>Bytes that this rank has sent to other nodes for the operation; complete when it is done.</summary>
    internal long BytesToOtherNodes { get; private set; }

    /// <summary>The rank whose message is awaited, if one is.</summary>
    internal int? AwaitedRank => _up.AwaitedRank ?? _down.AwaitedRank;

    /// <summary>Begins an operation.</summary>
    /// <param name="call">What.</param>
    /// <param name="values">This rank's buffer; of an all-gather with its own part filled in.</param>
    internal void Begin(CollectiveCall call, Memory<float> values)
    {
        _call = call;
        _values = values;
        BytesToOtherNodes = 0;
        _round = 0;
        BeginRound();
    }

    /// <summary>Does what can be done without waiting. Returns whether anything was.</summary>
    internal bool Advance() => _up.Advance() | _down.Advance();

    /// <summary>Whether the operation is done; between the rounds of an all-gather it begins the next.</summary>
    internal bool Finish()
    {
        if (!_up.IsDone || !_down.IsDone)
            return false;
        BytesToOtherNodes += Crossing(_up) + Crossing(_down);
        if (_call.Kind == CollectiveKind.AllGather && ++_round < _nodes.Length)
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
    }

    /// <summary>The ranks in the order of a broadcast's chain: the root, the others of its node, then node after node.</summary>
    internal static int[] ChainFrom(int root, IReadOnlyList<int> nodes)
    {
        int count = nodes.Max() + 1;
        return [.. Enumerable.Range(0, nodes.Count)
            .OrderBy(rank => (nodes[rank] - nodes[root] + count) % count)
            .ThenBy(rank => rank != root)
            .ThenBy(rank => rank)];
    }

    private void BeginRound()
    {
        switch (_call.Kind)
        {
            case CollectiveKind.Broadcast:
                BeginBroadcast(_call.Root, _values);
                break;
            case CollectiveKind.AllGather:
                // A broadcast from each rank in turn.
                int length = _values.Length / _nodes.Length;
                BeginBroadcast(_round, _values.Slice(_round * length, length));
                break;
            default:
                // A barrier is an all-reduce of nothing.
                BeginAllReduce();
                break;
        }
    }

    private void BeginAllReduce()
    {
        _roundValues = _values;
        _before = _rank == 0 ? null : _rank - 1;
        _after = _rank == _nodes.Length - 1 ? null : _rank + 1;
        _beginsDown = _after is null;
        int elementBytes = _call.Wire.BytesPerElement();
        _up.Begin(_before, _after, null, _call.Elements, elementBytes, _call.Tag);
        _down.Begin(_after, _before, _up, _call.Elements, elementBytes, _call.Tag);
    }

    private void BeginBroadcast(int root, Memory<float> values)
    {
        if (!_broadcastChains.TryGetValue(root, out int[]? chain))
            _broadcastChains.Add(root, chain = ChainFrom(root, _nodes));
        int place = Array.IndexOf(chain, _rank);
        _roundValues = values;
        _before = place == 0 ? null : chain[place - 1];
        _after = place == chain.Length - 1 ? null : chain[place + 1];
        _beginsDown = place == 0;
        _up.Rest();
        _down.Begin(_before, _after, null, values.Length, sizeof(float), _call.Tag);
    }

    /// <summary>On the way up: takes this rank's contribution into the partial result; the last rank finishes it.</summary>
    private void AddOwn(int offset, int length, Span<byte> bytes)
    {
        Span<float> values = _roundValues.Span.Slice(offset, length);
        Span<float> scratch = PieceScratch.OfThisThread;
        bool isInPlace = _call.Wire == WireFormat.Float32;
        int elementBytes = _call.Wire.BytesPerElement();
        for (int done = 0; done < length; done += Reduction.PieceElements)
        {
            int count = Math.Min(Reduction.PieceElements, length - done);
            Span<byte> wire = bytes.Slice(done * elementBytes, count * elementBytes);
            Span<float> own = values.Slice(done, count), partial = isInPlace ? MemoryMarshal.Cast<byte, float>(wire) : scratch[..count];
            if (_before is null)
            {
                own.CopyTo(partial);
                _call.Wire.Round(partial);
            }
            else
            {
                if (!isInPlace)
                    _call.Wire.Unpack(wire, partial);
                Reduction.Accumulate(partial, own, _call.Operation, _call.Wire, scratch[count..]);
            }

            if (_after is null)
            {
                Reduction.Finish(partial, _nodes.Length, _call.Operation, _call.Wire);
                partial.CopyTo(own);
            }
            else if (!isInPlace)
            {
                _call.Wire.Pack(partial, wire);
            }
        }
    }

    /// <summary>On the way down: takes the finished piece, or begins it.</summary>
    private void Deliver(int offset, int length, Span<byte> bytes)
    {
        Span<float> values = _roundValues.Span.Slice(offset, length);
        if (_beginsDown)
            _call.Wire.Pack(values, bytes);
        else
            _call.Wire.Unpack(bytes, values);
    }

    private long Crossing(PieceLane lane) => lane.Target is int target && _nodes[target] != _nodes[_rank] ? lane.Bytes : 0;
}
