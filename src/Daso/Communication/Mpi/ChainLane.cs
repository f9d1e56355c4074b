using System.Runtime.InteropServices;

namespace Daso.Communication.Mpi;

/// <summary>
/// A rank's place in a chain of ranks along which pieces travel: a piece is received from the rank before (or collected, where the chain
/// begins), shared, and sent to the rank after. Several pieces are in flight, so that every link of the chain is busy.
/// </summary>
/// <remarks>
/// Pieces of at most 256 KiB, four in flight: on limited links large messages go one direction at a time, and too much in flight hurts a
/// slow link (measured, docs/communication.md).
/// </remarks>
/// <param name="library">Moves the pieces.</param>
/// <param name="communicator">The group.</param>
/// <param name="side">What the pieces are here.</param>
internal sealed unsafe class ChainLane(MpiLibrary library, nint communicator, IPieceSide side) : ILane
{
    private const int Slots = 4;

    private readonly nint[] _receives = new nint[Slots];
    private readonly nint[] _sends = new nint[Slots];
    private byte* _memory;
    private int? _source;
    private int? _target;
    private PiecePlan _plan;
    private int _tag;
    private int _pieces;
    private int _posted;
    private int _handled;
    private int _retired;

    /// <inheritdoc />
    public bool IsDone => _retired == _pieces;

    /// <inheritdoc />
    public long SentBytes { get; private set; }

    /// <summary>Begins an operation.</summary>
    /// <param name="source">The rank before; null: this rank begins the pieces.</param>
    /// <param name="target">The rank after; null: pieces end here.</param>
    /// <param name="plan">The operation's pieces.</param>
    /// <param name="tag">Tells operations apart.</param>
    internal void Begin(int? source, int? target, PiecePlan plan, int tag)
    {
        if (_memory is null)
            _memory = (byte*)NativeMemory.AlignedAlloc(Slots * NodeExchange.SlotBytes, 64);
        _source = source;
        _target = target;
        _plan = plan;
        _tag = tag;
        _pieces = plan.Pieces;
        _posted = _handled = _retired = 0;
        SentBytes = 0;
    }

    /// <inheritdoc />
    public bool Advance()
    {
        bool hasMoved = false;
        while (_retired < _handled && (_target is null || library.IsDone(ref _sends[_retired % Slots])))
        {
            _retired++;
            hasMoved = true;
        }

        for (; _source is int source && _posted < Math.Min(_pieces, _retired + Slots); _posted++)
        {
            _receives[_posted % Slots] = library.Receive(SlotOf(_posted), _plan.BytesOf(_posted), source, _tag, communicator);
            hasMoved = true;
        }

        if (_handled < Math.Min(_pieces, _retired + Slots) && side.IsReady(_handled) && HasCome(_handled))
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

    private bool HasCome(int piece) => _source is null || (piece < _posted && library.IsDone(ref _receives[piece % Slots]));

    private void Handle(int piece)
    {
        int count = _plan.BytesOf(piece);
        var bytes = new Span<byte>(SlotOf(piece), count);
        if (_source is null)
            side.Collect(piece, bytes);
        side.Share(piece, bytes);
        if (_target is not int target)
            return;
        _sends[piece % Slots] = library.Send(SlotOf(piece), count, target, _tag, communicator);
        SentBytes += count;
    }

    private byte* SlotOf(int piece) => _memory + (piece % Slots * NodeExchange.SlotBytes);
}
