using System.Numerics;

namespace Daso.Communication.Mpi;

/// <summary>How an operation's range, or a part of it, is cut into pieces.</summary>
internal readonly record struct PiecePlan
{
    /// <summary>With fewer pieces, filling the chain takes long against using it; with more, single messages cost too much.</summary>
    private const int WantedPieces = 16;

    private const int SmallestBytes = 16 * 1024;

    private readonly CollectiveCall _call;
    private readonly int _pieceElements;

    /// <summary>Cuts a call's elements, or some.</summary>
    /// <param name="call">Whose type and format.</param>
    /// <param name="elements">Elements; none are one empty piece.</param>
    internal PiecePlan(CollectiveCall call, int elements)
    {
        _call = call;
        Elements = elements;
        ulong wanted = BitOperations.RoundUpToPowerOf2((ulong)(call.WireBytes(elements) / WantedPieces));
        long bytes = Math.Clamp((long)wanted, SmallestBytes, PieceLane.PieceBytes);
        // A power of two, so that blocks of a format are not cut.
        _pieceElements = (int)bytes / sizeof(long);
        while (call.WireBytes(2L * _pieceElements) <= bytes)
            _pieceElements *= 2;
    }

    /// <summary>Elements of all pieces.</summary>
    internal int Elements { get; }

    /// <summary>Pieces; at least one.</summary>
    internal int Pieces => Math.Max(1, (int)(((long)Elements + _pieceElements - 1) / _pieceElements));

    /// <summary>A piece's first element and its elements.</summary>
    internal (int Offset, int Length) RangeOf(int piece)
    {
        int offset = piece * _pieceElements;
        return (offset, Math.Min(_pieceElements, Elements - offset));
    }

    /// <summary>A piece's bytes on the wire.</summary>
    internal int BytesOf(int piece) => (int)_call.WireBytes(RangeOf(piece).Length);
}
