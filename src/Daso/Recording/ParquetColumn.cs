using System.Runtime.InteropServices;
using ParquetSharp;
using TextEncoding = System.Text.Encoding;

namespace Daso.Recording;

/// <summary>A column to write.</summary>
/// <param name="name">Its name in the file.</param>
internal abstract class ParquetColumn(string name)
{
    public string Name => name;

    public abstract bool IsText { get; }

    public abstract Column Declaration { get; }

    /// <summary>Writes the column of a row group.</summary>
    public abstract void Write(RowGroupWriter group, int rows);
}

/// <summary>A column that computes its values as the file stores them, a batch at a time.</summary>
/// <typeparam name="T">As the file stores it.</typeparam>
/// <param name="name">Its name in the file.</param>
internal abstract class ParquetColumn<T>(string name) : ParquetColumn(name)
    where T : unmanaged
{
    private const int RowsAtOnce = 4096;

    // One for each row: it has a value. Columns of texts can have rows without one.
    private static readonly short[] s_present = [.. Enumerable.Repeat((short)1, RowsAtOnce)];

    private readonly T[] _batch = new T[RowsAtOnce];

    public override void Write(RowGroupWriter group, int rows)
    {
        using var column = (ColumnWriter<T>)group.NextColumn();
        for (int first = 0; first < rows; first += RowsAtOnce)
        {
            Span<T> batch = _batch.AsSpan(0, Math.Min(RowsAtOnce, rows - first));
            Fill(batch, first);
            if (IsText)
                column.WriteBatch(batch.Length, s_present.AsSpan(0, batch.Length), [], batch);
            else
                column.WriteBatch(batch);
        }
    }

    /// <summary>Computes the values from a row on.</summary>
    protected abstract void Fill(Span<T> batch, int first);
}

/// <summary>A column of numbers.</summary>
/// <param name="name">Its name in the file.</param>
/// <param name="valueOf">The value of a row.</param>
internal sealed class ParquetNumbers<T>(string name, Func<int, T> valueOf) : ParquetColumn<T>(name)
    where T : unmanaged
{
    public override bool IsText => false;

    public override Column Declaration => new Column<T>(Name);

    protected override void Fill(Span<T> batch, int first)
    {
        for (int i = 0; i < batch.Length; i++)
            batch[i] = valueOf(first + i);
    }
}

/// <summary>A column of texts of which there are few: each is encoded once.</summary>
/// <param name="name">Its name in the file.</param>
/// <param name="valueOf">The text of a row.</param>
internal sealed class ParquetTexts(string name, Func<int, string> valueOf) : ParquetColumn<ByteArray>(name)
{
    // Pinned for as long as the column lives.
    private readonly Dictionary<string, byte[]> _encoded = [];

    public override bool IsText => true;

    public override Column Declaration => new Column<string>(Name);

    protected override void Fill(Span<ByteArray> batch, int first)
    {
        string? previous = null;
        ByteArray encoded = default;
        for (int i = 0; i < batch.Length; i++)
        {
            string text = valueOf(first + i);
            if (!ReferenceEquals(text, previous))
                (previous, encoded) = (text, Encode(text));
            batch[i] = encoded;
        }
    }

    private ByteArray Encode(string text)
    {
        if (!_encoded.TryGetValue(text, out byte[]? bytes))
        {
            bytes = GC.AllocateUninitializedArray<byte>(TextEncoding.UTF8.GetByteCount(text), pinned: true);
            TextEncoding.UTF8.GetBytes(text, bytes);
            _encoded.Add(text, bytes);
        }

        return new ByteArray(Marshal.UnsafeAddrOfPinnedArrayElement(bytes, 0), bytes.Length);
    }
}
