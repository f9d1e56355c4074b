using System.Numerics;

namespace Daso.Communication.Mpi;

/// <summary>How an operation's range is cut into pieces. A piece never crosses parts.</summary>
internal readonly record struct PiecePlan
{
    /// <summary>With fewer pieces, filling the pipeline takes long against using it; with more, single messages cost too much.</summary>
    private const int WantedPieces = 16;

    private const int SmallestBytes = 16 * 1024;

    /// <summary>Many nodes share out a buffer among more pieces, and hold a piece of each of them: pieces shrink, no further than this.</summary>
    private const int SmallestBytesOfManyNodes = 4 * 1024;

    private readonly CollectiveCall _call;
    private readonly int _pieceElements;

    private PiecePlan(CollectiveCall call, int pieceElements)
    {
        _call = call;
        _pieceElements = pieceElements;
        Pieces = call.Parts?.Pieces(pieceElements) ?? Math.Max(1, (int)(((long)call.Elements + pieceElements - 1) / pieceElements));
    }

    /// <summary>Pieces; at least one.</summary>
    internal int Pieces { get; }

    /// <summary>Cuts a call's elements.</summary>
    /// <param name="call">Its type, format and parts.</param>
    /// <param name="nodes">Nodes that share the pieces out among them.</param>
    internal static PiecePlan Of(CollectiveCall call, int nodes)
    {
        long bytes = call.WireBytes(call.Elements) / Math.Max(WantedPieces, 2 * nodes);
        return new PiecePlan(call, ElementsIn(call, LargestBytes(nodes, (long)BitOperations.RoundUpToPowerOf2((ulong)bytes))));
    }

    /// <summary>All elements in one piece, which fits a slot.</summary>
    internal static PiecePlan Whole(CollectiveCall call) => new(call, Math.Max(1, call.Elements));

    /// <summary>The bytes of a piece, at most; so many of them are wanted.</summary>
    internal static int LargestBytes(int nodes, long wanted = long.MaxValue)
    {
        int smallest = Math.Clamp(PowerOfTwoUpTo(64 * 1024 / nodes), SmallestBytesOfManyNodes, SmallestBytes);
        int largest = Math.Clamp(PowerOfTwoUpTo(1024 * 1024 / nodes), SmallestBytes, NodeExchange.SlotBytes);
        return (int)Math.Clamp(wanted, smallest, largest);
    }

    /// <summary>A piece's part, its first element and its elements.</summary>
    internal (int Part, int Offset, int Length) RangeOf(int piece)
    {
        if (_call.Parts is Partition parts)
            return parts.Piece(piece, _pieceElements);
        int offset = piece * _pieceElements;
        return (0, offset, Math.Min(_pieceElements, _call.Elements - offset));
    }

    /// <summary>A piece's bytes on the wire.</summary>
    internal int BytesOf(int piece) => (int)_call.WireBytes(RangeOf(piece).Length);

    /// <summary>The largest power of two of elements whose bytes are no more, so that blocks of a format are not cut.</summary>
    private static int ElementsIn(CollectiveCall call, int bytes)
    {
        int elements = bytes / sizeof(long);
        while (call.WireBytes(2L * elements) <= bytes)
            elements *= 2;
        return elements;
    }

    private static int PowerOfTwoUpTo(int value) => 1 << BitOperations.Log2((uint)Math.Max(1, value));
}
