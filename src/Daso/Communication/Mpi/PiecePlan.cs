namespace Daso.Communication.Mpi;

/// <summary>How an operation's buffer is cut into pieces.</summary>
/// <param name="Elements">Elements of the buffer; none are one empty piece.</param>
/// <param name="ElementBytes">Bytes of an element on the wire.</param>
internal readonly record struct PiecePlan(int Elements, int ElementBytes)
{
    /// <summary>With fewer pieces, filling the chain takes long against using it; with more, single messages cost too much.</summary>
    private const int WantedPieces = 16;

    private const int SmallestBytes = 16 * 1024;

    /// <summary>Pieces; at least one.</summary>
    internal int Pieces => Math.Max(1, (int)(((long)Elements + PieceElements - 1) / PieceElements));

    private int PieceElements
    {
        get
        {
            long wanted = (long)Elements * ElementBytes / WantedPieces;
            return (int)Math.Clamp((long)System.Numerics.BitOperations.RoundUpToPowerOf2((ulong)wanted), SmallestBytes, PieceLane.PieceBytes)
                / ElementBytes;
        }
    }

    /// <summary>A piece's first element and its elements.</summary>
    internal (int Offset, int Length) RangeOf(int piece)
    {
        int offset = piece * PieceElements;
        return (offset, Math.Min(PieceElements, Elements - offset));
    }

    /// <summary>A piece's bytes on the wire.</summary>
    internal int BytesOf(int piece) => RangeOf(piece).Length * ElementBytes;
}
