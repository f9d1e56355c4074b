using System.IO.MemoryMappedFiles;

namespace Daso.Communication.Mpi;

/// <summary>
/// Memory that a group's ranks on one node share, and the counters by which pieces of an operation pass through it. Every rank has an area
/// of slots and writes into its own area only; a slot first holds the rank's contribution to a piece and then, in the area of the rank
/// that finishes the piece, the result. Used by the communication thread only.
/// </summary>
/// <remarks>
/// Counters run on from operation to operation, so that nothing has to be reset and agreed upon between two. Each has one writer and a cache
/// line of its own; a reader that sees a count sees what was written before it (release and acquire).
/// </remarks>
internal sealed unsafe class NodeExchange : IDisposable
{
    /// <summary>The largest piece.</summary>
    internal const int SlotBytes = 256 * 1024;

    private const string Folder = "/dev/shm";
    private const int CacheLine = 64;
    private const int CounterBytes = 4096; // slots begin on a page

    /// <summary>Pieces that are under way for every rank that finishes pieces, where memory allows: it has handed on one and gets the next.</summary>
    private const int SlotsPerLane = 8;

    /// <summary>What the groups of one kind (world, or all node groups) take on a machine, at most …</summary>
    private const int MachineBytes = 48 << 20;

    /// <summary>… but for this many slots a rank, below which pieces do not overlap: beyond 64 ranks a machine 0.75 MiB a rank.</summary>
    private const int LeastSlots = 3;

    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;
    private readonly byte* _memory;
    private readonly int _members;
    private readonly int _slots;
    private readonly long _areaBytes;
    private long _base;

    /// <summary>Makes or opens the memory. Collective over the ranks of the node.</summary>
    /// <param name="library">Tells the ranks the memory's name.</param>
    /// <param name="node">The group's ranks on this node.</param>
    /// <param name="slots">Pieces under way at a time.</param>
    /// <exception cref="UserErrorException">There is no room.</exception>
    internal NodeExchange(MpiLibrary library, nint node, int slots)
    {
        Member = library.RankIn(node);
        _members = library.SizeOf(node);
        _slots = slots;
        _areaBytes = CounterBytes + ((long)slots * SlotBytes);
        var name = Guid.NewGuid();
        library.Broadcast((byte*)&name, sizeof(Guid), 0, node);
        string path = $"{Folder}/daso-{name:N}";
        if (Member == 0)
            Reserve(path, _members * _areaBytes);
        library.Barrier(node);
        _file = MemoryMappedFile.CreateFromFile(path, FileMode.Open);
        _view = _file.CreateViewAccessor();
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref _memory);
        library.Barrier(node);
        if (Member == 0)
            File.Delete(path); // it lives on until the last rank has gone, however it goes
    }

    /// <summary>The most slots that a rank has with so many ranks on its machine.</summary>
    internal static int MaximumSlots(int ranksOnMachine) =>
        Math.Clamp(MachineBytes / (ranksOnMachine * SlotBytes), LeastSlots, 4 * SlotsPerLane);

    /// <summary>The slots of each rank of a group.</summary>
    /// <param name="lanes">Ranks of a node that finish pieces.</param>
    /// <param name="ranksOnMachine">All ranks that share the machine's memory, whatever their group.</param>
    internal static int SlotsFor(int lanes, int ranksOnMachine) => Math.Min(SlotsPerLane * lanes, MaximumSlots(ranksOnMachine));

    /// <summary>This rank's number among the group's ranks on the node.</summary>
    internal int Member { get; }

    /// <summary>Whether this rank may write its contribution to a piece: all have taken what was in the slot before.</summary>
    internal bool IsFree(int piece) => AllHaveReached(Counter.Taken, piece - _slots);

    /// <summary>Whether all contributions to a piece are there.</summary>
    internal bool IsContributed(int piece) => AllHaveReached(Counter.Contributed, piece);

    /// <summary>Whether the result of a piece is in a member's area.</summary>
    internal bool IsFinished(int member, int piece) => HasReached(Counter.Finished, member, piece);

    /// <summary>The slot of a piece in a member's area.</summary>
    internal Span<byte> Slot(int member, int piece, int bytes)
    {
        long slot = (_base + piece) % _slots;
        return new Span<byte>(AreaOf(member) + CounterBytes + (slot * SlotBytes), bytes);
    }

    /// <summary>This rank's contributions up to a piece are there.</summary>
    internal void Contributed(int piece) => Reach(Counter.Contributed, piece);

    /// <summary>The results up to a piece, as far as they are this rank's, are there.</summary>
    internal void Finished(int piece) => Reach(Counter.Finished, piece);

    /// <summary>This rank needs no result up to a piece any longer.</summary>
    internal void Taken(int piece) => Reach(Counter.Taken, piece);

    /// <summary>The next operation begins after this many pieces.</summary>
    internal void End(int pieces) => _base += pieces;

    public void Dispose()
    {
        _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.Dispose();
        _file.Dispose();
    }

    /// <summary>Makes the file with all its pages: a page that cannot be had later would kill the process.</summary>
    private static void Reserve(string path, long bytes)
    {
        try
        {
            using var file = new FileStream(
                path, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite, PreallocationSize = bytes });
            file.SetLength(bytes);
        }
        catch (IOException failure)
        {
            throw new UserErrorException(
                $"{Folder}: no room for {bytes >> 20} MiB that a node's ranks share ({failure.Message}); enlarge it (docker: --shm-size)",
                ExitCode.Environment);
        }
    }

    private bool AllHaveReached(Counter counter, int piece)
    {
        for (int member = 0; member < _members; member++)
        {
            if (!HasReached(counter, member, piece))
                return false;
        }

        return true;
    }

    private bool HasReached(Counter counter, int member, int piece) => Volatile.Read(ref Of(counter, member)) > _base + piece;

    private void Reach(Counter counter, int piece) => Volatile.Write(ref Of(counter, Member), _base + piece + 1);

    private ref long Of(Counter counter, int member) => ref *(long*)(AreaOf(member) + ((int)counter * CacheLine));

    private byte* AreaOf(int member) => _memory + (member * _areaBytes);

    private enum Counter
    {
        Contributed,
        Finished,
        Taken,
    }
}
