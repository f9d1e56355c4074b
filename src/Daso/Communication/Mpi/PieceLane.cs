using System.Runtime.InteropServices;

namespace Daso.Communication.Mpi;

/// <summary>What a rank does with a piece that has come (or that it begins), in place, before the piece goes on.</summary>
/// <param name="offset">The piece's first element.</param>
/// <param name="length">Its elements.</param>
/// <param name="bytes">The piece as on the wire; read and written.</param>
internal delegate void PieceHandler(int offset, int length, Span<byte> bytes);

/// <summary>
/// A rank's place in a chain of ranks along which pieces of an operation travel: a piece is received from the rank before, handled, and
/// sent to the rank after. Several pieces are in flight, so that every link of the chain is busy. Used by the communication thread only.
/// </summary>
/// <remarks>
/// Pieces of 256 KiB, four in flight: on limited links large messages go one direction at a time, and too much in flight hurts a slow
/// link (measured, docs/communication.md).
/// </remarks>
internal sealed unsafe class PieceLane(MpiLibrary library, nint communicator, PieceHandler handler) : IDisposable
{
    private const int PieceBytes = 256 * 1024;
    private const int Slots = 4;

    private readonly nint[] _receives = new nint[Slots];
    private readonly nint[] _sends = new nint[Slots];
    private byte* _memory;
    private int? _source;
    private PieceLane? _origin;
    private int _tag;
    private int _elements;
    private int _elementBytes;
    private int _pieceElements;
    private int _pieces;
    private int _posted;
    private int _handled;
    private int _retired;

    /// <summary>Whether every piece was handled and has left.</summary>
    internal bool IsDone => _retired == _pieces;

    /// <summary>The rank that pieces go on to, if one.</summary>
    internal int? Target { get; private set; }

    /// <summary>Bytes of all pieces.</summary>
    internal long Bytes => (long)_elements * _elementBytes;

    /// <summary>The rank whose piece is awaited, if one is.</summary>
    internal int? AwaitedRank => _handled < _pieces ? _source : IsDone ? null : Target;

    /// <summary>Begins an operation.</summary>
    /// <param name="source">The rank before; null: this rank begins the pieces.</param>
    /// <param name="target">The rank after; null: pieces end here.</param>
    /// <param name="origin">With no rank before: the lane whose handled pieces this one begins; null: all can begin at once.</param>
    /// <param name="elements">Elements; 0 is one empty piece.</param>
    /// <param name="elementBytes">Bytes of an element on the wire.</param>
    /// <param name="tag">Tells operations apart.</param>
    internal void Begin(int? source, int? target, PieceLane? origin, int elements, int elementBytes, int tag)
    {
        if (_memory is null)
            _memory = (byte*)NativeMemory.AlignedAlloc(Slots * PieceBytes, 64);
        _source = source;
        Target = target;
        _origin = origin;
        _elements = elements;
        _elementBytes = elementBytes;
        _tag = tag;
        _pieceElements = PieceBytes / elementBytes;
        _pieces = Math.Max(1, (int)(((long)elements + _pieceElements - 1) / _pieceElements));
        _posted = _handled = _retired = 0;
    }

    /// <summary>Takes no part in the next operation.</summary>
    internal void Rest()
    {
        Target = _source = null;
        _elements = _pieces = _posted = _handled = _retired = 0;
    }

    /// <summary>Does what can be done without waiting. Returns whether anything was.</summary>
    internal bool Advance()
    {
        bool hasMoved = false;
        while (_retired < _handled && (Target is null || library.IsDone(ref _sends[_retired % Slots])))
        {
            _retired++;
            hasMoved = true;
        }

        for (; _source is int source && _posted < Math.Min(_pieces, _retired + Slots); _posted++)
        {
            _receives[_posted % Slots] = library.Receive(SlotOf(_posted), BytesOf(_posted), source, _tag, communicator);
            hasMoved = true;
        }

        while (_handled < Math.Min(_pieces, _retired + Slots) && HasCome(_handled))
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
        handler(piece * _pieceElements, bytes / _elementBytes, new Span<byte>(SlotOf(piece), bytes));
        if (Target is int target)
            _sends[piece % Slots] = library.Send(SlotOf(piece), bytes, target, _tag, communicator);
    }

    private byte* SlotOf(int piece) => _memory + (piece % Slots * PieceBytes);

    private int BytesOf(int piece) => Math.Min(_pieceElements, _elements - (piece * _pieceElements)) * _elementBytes;
}
