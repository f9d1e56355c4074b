using System.Runtime.InteropServices;

namespace Daso.Communication.Mpi;

/// <summary>What a rank does with a piece that has come (or that it begins), in place, before the piece goes on.</summary>
/// <param name="piece">The piece's number.</param>
/// <param name="bytes">The piece as on the wire; read and written.</param>
internal delegate void PieceHandler(int piece, Span<byte> bytes);

/// <summary>
/// A rank's place in a chain of ranks along which pieces of an operation travel: a piece is received from the rank before, handled, and
/// sent to the rank after. Several pieces are in flight, so that every link of the chain is busy. Used by the communication thread only.
/// </summary>
/// <remarks>
/// Pieces of at most 256 KiB, four in flight: on limited links large messages go one direction at a time, and too much in flight hurts a
/// slow link (measured, docs/communication.md).
/// </remarks>
/// <param name="library">Moves the pieces.</param>
/// <param name="communicator">The group.</param>
/// <param name="isReady">Whether a piece can be handled once it has come.</param>
/// <param name="handler">Handles a piece.</param>
internal sealed unsafe class PieceLane(MpiLibrary library, nint communicator, Func<int, bool> isReady, PieceHandler handler) : IDisposable
{
    internal const int PieceBytes = 256 * 1024;
    private const int Slots = 4;

    private readonly nint[] _receives = new nint[Slots];
    private readonly nint[] _sends = new nint[Slots];
    private byte* _memory;
    private int? _source;
    private int? _target;
    private PieceLane? _origin;
    private PiecePlan _plan;
    private int _first;
    private int _stride;
    private int _tag;
    private int _pieces;
    private int _posted;
    private int _handled;
    private int _retired;

    /// <summary>Whether every piece was handled and has left.</summary>
    internal bool IsDone => _retired == _pieces;

    /// <summary>Bytes that were sent.</summary>
    internal long SentBytes { get; private set; }

    /// <summary>Whether a piece, which is one of this lane's if it takes part, is still to be handled.</summary>
    internal bool StillNeeds(int piece) => _handled < _pieces && piece >= NumberOf(_handled);

    /// <summary>Begins an operation with pieces first, first + stride, …</summary>
    /// <param name="source">The rank before; null: this rank begins the pieces.</param>
    /// <param name="target">The rank after; null: pieces end here.</param>
    /// <param name="origin">With no rank before: the lane whose handled pieces this one begins; null: all can begin at once.</param>
    /// <param name="plan">The operation's pieces.</param>
    /// <param name="first">This lane's first piece.</param>
    /// <param name="stride">From one of its pieces to the next.</param>
    /// <param name="tag">Tells operations apart.</param>
    internal void Begin(int? source, int? target, PieceLane? origin, PiecePlan plan, int first, int stride, int tag)
    {
        if (_memory is null)
            _memory = (byte*)NativeMemory.AlignedAlloc(Slots * PieceBytes, 64);
        _source = source;
        _target = target;
        _origin = origin;
        _plan = plan;
        _first = first;
        _stride = stride;
        _tag = tag;
        _pieces = first < plan.Pieces ? ((plan.Pieces - first - 1) / stride) + 1 : 0;
        _posted = _handled = _retired = 0;
        SentBytes = 0;
    }

    /// <summary>Takes no part in the next operation.</summary>
    internal void Rest()
    {
        _pieces = _posted = _handled = _retired = 0;
        SentBytes = 0;
    }

    /// <summary>Does what can be done without waiting. Returns whether anything was.</summary>
    internal bool Advance()
    {
        bool hasMoved = false;
        while (_retired < _handled && (_target is null || library.IsDone(ref _sends[_retired % Slots])))
        {
            _retired++;
            hasMoved = true;
        }

        for (; _source is int source && _posted < Math.Min(_pieces, _retired + Slots); _posted++)
        {
            _receives[_posted % Slots] = library.Receive(SlotOf(_posted), BytesOf(_posted), source, _tag, communicator);
            hasMoved = true;
        }

        if (_handled < Math.Min(_pieces, _retired + Slots) && isReady(NumberOf(_handled)) && HasCome(_handled))
        {
            Handle(_handled++);
            hasMoved = true;
        }

        return hasMoved;
    }

    public void Dispose()
    {
        NativeMemory.AlignedFree(_memory);
        _memory = null;
    }

    private bool HasCome(int piece) => _source is null
        ? _origin is null || piece < _origin._handled
        : piece < _posted && library.IsDone(ref _receives[piece % Slots]);

    private void Handle(int piece)
    {
        int bytes = BytesOf(piece);
        handler(NumberOf(piece), new Span<byte>(SlotOf(piece), bytes));
        if (_target is not int target)
            return;
        _sends[piece % Slots] = library.Send(SlotOf(piece), bytes, target, _tag, communicator);
        SentBytes += bytes;
    }

    private byte* SlotOf(int piece) => _memory + (piece % Slots * PieceBytes);

    private int NumberOf(int piece) => _first + (piece * _stride);

    private int BytesOf(int piece) => _plan.BytesOf(NumberOf(piece));
}
