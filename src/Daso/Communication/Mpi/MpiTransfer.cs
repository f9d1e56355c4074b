namespace Daso.Communication.Mpi;

/// <summary>One message from or to another rank, in pieces. Used by the communication thread only, and reused.</summary>
internal sealed class MpiTransfer : IDisposable
{
    /// <summary>Collectives have the tags below.</summary>
    internal const int FirstTag = 1 << 14;

    private readonly PieceLane _lane;
    private TensorRange _values;
    private PiecePlan _plan;
    private bool _isSend;

    /// <param name="library">Moves the pieces.</param>
    /// <param name="communicator">The group.</param>
    internal MpiTransfer(MpiLibrary library, nint communicator) => _lane = new PieceLane(library, communicator, _ => true, Handle);

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
        _plan = new PiecePlan(call, call.Elements);
        _lane.Begin(isSend ? null : call.Root, isSend ? call.Target : null, null, _plan, 0, 1, FirstTag + call.UserTag);
    }

    /// <summary>Does what can be done without waiting. Returns whether anything was.</summary>
    internal bool Advance() => _lane.Advance();

    /// <summary>Forgets the range.</summary>
    internal void End() => _values = default;

    public void Dispose() => _lane.Dispose();

    private void Handle(int piece, Span<byte> bytes)
    {
        (int offset, int length) = _plan.RangeOf(piece);
        TensorRange values = _values.Slice(offset, length);
        if (_isSend)
            WirePieces.Pack(Call, values, bytes);
        else
            WirePieces.Unpack(Call, bytes, values);
    }
}
