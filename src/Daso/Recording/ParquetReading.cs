using System.Globalization;
using ParquetSharp;
using TextEncoding = System.Text.Encoding;

namespace Daso.Recording;

/// <summary>Reads columns of a Parquet file side by side, some thousand rows at a time: memory does not grow with the file.</summary>
internal static class ParquetReading
{
    /// <summary>The most rows of a batch.</summary>
    public const int RowsAtOnce = 4096;

    /// <summary>The version of the file's layout.</summary>
    /// <exception cref="FormatException">It is no number.</exception>
    public static int Format(this ParquetFileReader file) =>
        file.FileMetaData.KeyValueMetadata.TryGetValue(RecordFormat.Key, out string? version)
            ? int.Parse(version, NumberStyles.None, CultureInfo.InvariantCulture)
            : 1;

    /// <summary>Hands out all rows, in order.</summary>
    /// <param name="file">The file.</param>
    /// <param name="columns">Filled with a batch's rows before each call.</param>
    /// <param name="take">Takes a batch; its argument is the number of rows.</param>
    /// <exception cref="FormatException">A column is not there, or has another type.</exception>
    public static void ForEachBatch(this ParquetFileReader file, IReadOnlyList<ReadColumn> columns, Action<int> take)
    {
        for (int group = 0; group < file.FileMetaData.NumRowGroups; group++)
        {
            using RowGroupReader rows = file.RowGroup(group);
            try
            {
                foreach (ReadColumn column in columns)
                    column.Open(file, rows);
                for (long left = rows.MetaData.NumRows; left > 0; left -= RowsAtOnce)
                {
                    int count = (int)Math.Min(left, RowsAtOnce);
                    foreach (ReadColumn column in columns)
                        column.Fill(count);
                    take(count);
                }
            }
            finally
            {
                foreach (ReadColumn column in columns)
                    column.Close();
            }
        }
    }
}

/// <summary>A column that is read a batch at a time.</summary>
/// <param name="name">Its name in the file.</param>
internal abstract class ReadColumn(string name)
{
    protected string Name => name;

    /// <summary>Begins a row group.</summary>
    /// <exception cref="FormatException">There is no such column, or it has another type.</exception>
    public abstract void Open(ParquetFileReader file, RowGroupReader rows);

    /// <summary>Reads the next rows.</summary>
    public abstract void Fill(int count);

    /// <summary>Ends a row group.</summary>
    public abstract void Close();

    protected FormatException NoValue() => new($"column {name} has a row without a value");
}

/// <summary>Likewise, as the file stores its values.</summary>
/// <typeparam name="T">As the file stores them.</typeparam>
/// <param name="name">Its name in the file.</param>
internal abstract class ReadColumn<T>(string name) : ReadColumn(name)
    where T : unmanaged
{
    private ColumnReader? _column;

    protected ColumnReader<T> Column => (ColumnReader<T>)_column!;

    public override void Open(ParquetFileReader file, RowGroupReader rows)
    {
        int index = file.FileMetaData.Schema.ColumnIndex(Name);
        if (index < 0)
            throw new FormatException($"no column {Name}");
        _column = rows.Column(index);
        if (_column is not ColumnReader<T>)
            throw new FormatException($"column {Name} is not of {typeof(T).Name}");
    }

    public override void Close()
    {
        _column?.Dispose();
        _column = null;
    }
}

/// <summary>A column of numbers.</summary>
/// <param name="name">Its name in the file.</param>
internal sealed class NumberColumn<T>(string name) : ReadColumn<T>(name)
    where T : unmanaged
{
    /// <summary>Of the batch's rows.</summary>
    public T[] Values { get; } = new T[ParquetReading.RowsAtOnce];

    public override void Fill(int count)
    {
        for (int read = 0; read < count;)
        {
            Column.ReadBatch(count - read, Values.AsSpan(read, count - read), out long values);
            read += values > 0 ? (int)values : throw NoValue();
        }
    }
}

/// <summary>A column of texts of which there are few, as what they mean.</summary>
/// <param name="name">Its name in the file.</param>
/// <param name="parse">Called once for each text.</param>
internal sealed class TextColumn<T>(string name, Func<string, T> parse) : ReadColumn<ByteArray>(name)
{
    private readonly ByteArray[] _texts = new ByteArray[ParquetReading.RowsAtOnce];
    private readonly short[] _present = new short[ParquetReading.RowsAtOnce];
    private readonly List<(byte[] Text, T Value)> _known = [];

    /// <summary>Of the batch's rows.</summary>
    public T[] Values { get; } = new T[ParquetReading.RowsAtOnce];

    public override void Fill(int count)
    {
        for (int read = 0; read < count;)
        {
            long levels = Column.ReadBatch(count - read, _present, [], _texts, out long texts);
            if (levels != texts || texts == 0)
                throw NoValue();
            // What the texts point to lives until the next batch is read.
            ByteArray previous = default;
            T value = default!;
            for (int i = 0; i < texts; i++)
            {
                if (i == 0 || _texts[i].Pointer != previous.Pointer || _texts[i].Length != previous.Length)
                    (previous, value) = (_texts[i], Find(_texts[i]));
                Values[read++] = value;
            }
        }
    }

    private unsafe T Find(ByteArray bytes)
    {
        var text = new ReadOnlySpan<byte>((void*)bytes.Pointer, bytes.Length);
        foreach ((byte[] other, T value) in _known)
        {
            if (text.SequenceEqual(other))
                return value;
        }

        T parsed = parse(TextEncoding.UTF8.GetString(text));
        _known.Add((text.ToArray(), parsed));
        return parsed;
    }
}
