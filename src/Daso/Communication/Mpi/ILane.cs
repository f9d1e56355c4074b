namespace Daso.Communication.Mpi;

/// <summary>
/// One rank's share of an operation between nodes: pieces go to and come from ranks of other nodes. Used by the communication thread only.
/// </summary>
internal interface ILane : IDisposable
{
    /// <summary>Whether every piece is where it belongs and its messages have left.</summary>
    bool IsDone { get; }

    /// <summary>Bytes that were sent.</summary>
    long SentBytes { get; }

    /// <summary>Does what can be done without waiting. Returns whether anything was.</summary>
    bool Advance();
}

/// <summary>Where the pieces of a chain come from and go to in this process.</summary>
internal interface IPieceSide
{
    /// <summary>Whether a piece can be collected, or shared once it has come.</summary>
    bool IsReady(int piece);

    /// <summary>Writes what is here of a piece: a sum of ranks, or the values of one of them.</summary>
    void Collect(int piece, Span<byte> bytes);

    /// <summary>Takes the result. Called in the order of pieces.</summary>
    void Share(int piece, ReadOnlySpan<byte> bytes);
}

/// <summary>What a reduction's pieces are on this node.</summary>
internal interface INodeSide : IPieceSide
{
    /// <summary>Takes another node's sum into a sum.</summary>
    void Accumulate(int piece, Span<byte> sum, ReadOnlySpan<byte> contribution);

    /// <summary>Makes the result of the sum of all nodes.</summary>
    void Finish(int piece, Span<byte> sum);

    /// <summary>In place of <see cref="IPieceSide.Share"/>: the result is not for this node, which is done with the piece.</summary>
    void Pass(int piece);
}
