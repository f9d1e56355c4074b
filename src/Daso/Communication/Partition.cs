namespace Daso.Communication;

/// <summary>How a range is cut into parts that follow each other, one for each rank of a group. Parts may be empty and unequal.</summary>
public sealed class Partition : IEquatable<Partition>
{
    private readonly int[] _ends;

    /// <summary>Cuts by lengths.</summary>
    /// <param name="lengths">The elements of each part, in the order of ranks.</param>
    /// <exception cref="ArgumentOutOfRangeException">A length is negative.</exception>
    /// <exception cref="OverflowException">More than 2³¹ − 1 elements.</exception>
    public Partition(IEnumerable<int> lengths)
    {
        var ends = new List<int>();
        int end = 0;
        foreach (int length in lengths)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(length, nameof(lengths));
            ends.Add(end = checked(end + length));
        }

        _ends = [.. ends];
    }

    private Partition(int[] ends) => _ends = ends;

    /// <summary>Elements of all parts.</summary>
    public int Length => _ends.Length == 0 ? 0 : _ends[^1];

    /// <summary>Parts.</summary>
    public int Count => _ends.Length;

    /// <summary>A part's first element and its elements.</summary>
    public (int Offset, int Length) this[int part]
    {
        get
        {
            int start = part == 0 ? 0 : _ends[part - 1];
            return (start, _ends[part] - start);
        }
    }

    /// <summary>Nearly equal parts: part i begins at ⌊length·i / count⌋.</summary>
    public static Partition Even(int length, int count) =>
        new([.. Enumerable.Range(1, count).Select(part => (int)((long)length * part / count))]);

    /// <summary>Whether all parts have the same length.</summary>
    internal bool IsEqual => Length % Math.Max(1, Count) == 0 && _ends.Index().All(one => one.Item == Length / Count * (one.Index + 1));

    /// <inheritdoc />
    public bool Equals(Partition? other) => other is not null && _ends.AsSpan().SequenceEqual(other._ends);

    /// <inheritdoc />
    public override bool Equals(object? obj) => Equals(obj as Partition);

    /// <inheritdoc />
    public override int GetHashCode() => HashCode.Combine(Length, Count);

    /// <summary>How many pieces of at most so many elements the parts make; a piece never crosses parts. At least one, perhaps empty.</summary>
    internal int Pieces(int pieceElements)
    {
        int pieces = 0;
        for (int part = 0; part < Count; part++)
            pieces += PiecesOf(part, pieceElements);
        return Math.Max(1, pieces);
    }

    /// <summary>A piece's part and elements.</summary>
    internal (int Part, int Offset, int Length) Piece(int piece, int pieceElements)
    {
        for (int part = 0; part < Count; part++)
        {
            int pieces = PiecesOf(part, pieceElements);
            if (piece < pieces)
            {
                (int offset, int length) = this[part];
                int before = piece * pieceElements;
                return (part, offset + before, Math.Min(pieceElements, length - before));
            }

            piece -= pieces;
        }

        return (0, 0, 0);
    }

    private int PiecesOf(int part, int pieceElements) => (int)(((long)this[part].Length + pieceElements - 1) / pieceElements);
}
