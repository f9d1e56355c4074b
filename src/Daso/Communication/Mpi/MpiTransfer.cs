namespace Daso.Communication.Mpi;

/// <summary>One message from or to another rank: a chain of two. Used by the communication thread only, and reused.</summary>
internal sealed class MpiTransfer : IPieceSide, IDisposable
{
    /// <summary>Collectives have the tags below.</summary>
    internal const int FirstTag = 1 << 14;

    private readonly ChainLane _lane;
    private TensorRange _values;
    private PiecePlan _plan;
    private bool _isSend;

    /// <param name="library">Moves the pieces.</param>
    /// <param name="communicator">The group.</param>
    internal MpiTransfer(MpiLibrary library, nint communicator) => _lane = new ChainLane(library, communicator, this);

    /// <summary>The call under way.</summary>
    internal CollectiveCall Call { get; private set; }

    /// <summary>Tells the operation from others of the rank.</summary>
    internal long Token { get; private set; }

    /// <summary>Whether the message has left, or is there.</summary>
    internal bool IsDone => _lane.IsDone;

    /// <summary>Begins a message.</summary>
    internal void Begin(long token, CollectiveCall call, TensorRange values, bool isSend)
    {
        Token = token;
        Call = call;
        _values = values;
        _isSend = isSend;
        _plan = PiecePlan.Of(call, nodes: 1);
        _lane.Begin(isSend ? null : call.Root, isSend ? call.Target : null, _plan, FirstTag + call.UserTag);
    }

    /// <summary>Does what can be done without waiting. Returns whether anything was.</summary>
    internal bool Advance() => _lane.Advance();

    /// <summary>Hands the range back.</summary>
    internal void End()
    {
        _values.Complete();
        _values = default;
    }

    public void Dispose() => _lane.Dispose();

    bool IPieceSide.IsReady(int piece) => true;

    void IPieceSide.Collect(int piece, Span<byte> bytes) => WirePieces.Pack(Call, ValuesOf(piece), bytes);

    void IPieceSide.Share(int piece, ReadOnlySpan<byte> bytes)
    {
        if (!_isSend)
            WirePieces.Unpack(Call, bytes, ValuesOf(piece));
    }

    private TensorRange ValuesOf(int piece)
    {
        (_, int offset, int length) = _plan.RangeOf(piece);
        return _values.Slice(offset, length);
    }
}
