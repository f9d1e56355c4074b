using ParquetSharp;

namespace Daso.Recording;

/// <summary>Writes tables as Parquet files and reads their columns.</summary>
internal static class ParquetTable
{
    /// <summary>Writes a file: texts as dictionaries, everything compressed.</summary>
    /// <exception cref="UserErrorException">It cannot be written.</exception>
    public static void Write(string path, int rows, IReadOnlyList<ParquetColumn> columns) => AtomicFile.Write(path, temporary =>
    {
        using WriterProperties properties = Properties(columns);
        using var file = new ParquetFileWriter(temporary, [.. columns.Select(column => column.Declaration)], properties);
        using (RowGroupWriter group = file.AppendRowGroup())
        {
            foreach (ParquetColumn column in columns)
                column.Write(group, rows);
        }

        file.Close();
    });

    /// <summary>Reads a column, whatever its place.</summary>
    public static T[] Read<T>(ParquetFileReader file, string name)
        where T : unmanaged
    {
        int index = file.FileMetaData.Schema.ColumnIndex(name);
        var values = new T[checked((int)file.FileMetaData.NumRows)];
        int read = 0;
        for (int i = 0; i < file.FileMetaData.NumRowGroups; i++)
        {
            using RowGroupReader group = file.RowGroup(i);
            using LogicalColumnReader<T> column = group.Column(index).LogicalReader<T>();
            read += column.ReadBatch(values.AsSpan(read, checked((int)group.MetaData.NumRows)));
        }

        return values;
    }

    /// <summary>Reads a column of few different texts.</summary>
    public static string[] ReadTexts(ParquetFileReader file, string name) => ReadTexts(file, name, text => text);

    /// <summary>Reads a column of few different texts; each is parsed once.</summary>
    /// <param name="file">The file.</param>
    /// <param name="name">The column.</param>
    /// <param name="parse">Turns a text into a value; its <see cref="FormatException"/> is passed on.</param>
    public static T[] ReadTexts<T>(ParquetFileReader file, string name, Func<string, T> parse)
    {
        int index = file.FileMetaData.Schema.ColumnIndex(name);
        var values = new T[checked((int)file.FileMetaData.NumRows)];
        var known = new KnownTexts<T>(parse);
        int read = 0;
        for (int i = 0; i < file.FileMetaData.NumRowGroups; i++)
        {
            using RowGroupReader group = file.RowGroup(i);
            using var column = (ColumnReader<ByteArray>)group.Column(index);
            while (column.HasNext)
                read += known.Read(column, values.AsSpan(read));
        }

        return values;
    }

    private static WriterProperties Properties(IReadOnlyList<ParquetColumn> columns)
    {
        using var builder = new WriterPropertiesBuilder();
        builder.Compression(Compression.Zstd).DisableDictionary();
        foreach (ParquetColumn column in columns.Where(column => column.IsText))
            builder.EnableDictionary(column.Name);
        return builder.Build();
    }
}

/// <summary>Parses texts as Parquet holds them, each different one once: a run's file repeats a dozen of them a million times.</summary>
/// <param name="parse">Turns a text into a value.</param>
internal sealed class KnownTexts<T>(Func<string, T> parse)
{
    private const int RowsAtOnce = 8192;

    private readonly List<(byte[] Text, T Value)> _known = [];
    private readonly ByteArray[] _texts = new ByteArray[RowsAtOnce];
    private readonly short[] _levels = new short[RowsAtOnce];

    /// <summary>Reads the next rows; returns how many.</summary>
    /// <exception cref="FormatException">A text is missing, or is not one of those expected.</exception>
    public int Read(ColumnReader<ByteArray> column, Span<T> values)
    {
        // The texts lie in the reader's memory until the next batch is read.
        int rows = (int)column.ReadBatch(Math.Min(RowsAtOnce, values.Length), _levels, [], _texts, out long present);
        if (present != rows)
            throw new FormatException("a text is missing");
        for (int i = 0; i < rows; i++)
            values[i] = ValueOf(_texts[i]);
        return rows;
    }

    private unsafe T ValueOf(ByteArray text)
    {
        var bytes = new ReadOnlySpan<byte>((void*)text.Pointer, text.Length);
        foreach ((byte[] known, T value) in _known)
        {
            if (bytes.SequenceEqual(known))
                return value;
        }

        T parsed = parse(System.Text.Encoding.UTF8.GetString(bytes));
        _known.Add((bytes.ToArray(), parsed));
        return parsed;
    }
}

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

/// <summary>A column whose values are computed when it is written.</summary>
/// <param name="name">Its name in the file.</param>
/// <param name="valueOf">The value of a row.</param>
internal sealed class ParquetColumn<T>(string name, Func<int, T> valueOf) : ParquetColumn(name)
{
    private const int RowsAtOnce = 8192;

    public override bool IsText => typeof(T) == typeof(string);

    public override Column Declaration => new Column<T>(Name);

    public override void Write(RowGroupWriter group, int rows)
    {
        using LogicalColumnWriter<T> column = group.NextColumn().LogicalWriter<T>();
        var values = new T[Math.Min(rows, RowsAtOnce)];
        for (int first = 0; first < rows; first += RowsAtOnce)
        {
            int count = Math.Min(RowsAtOnce, rows - first);
            for (int i = 0; i < count; i++)
                values[i] = valueOf(first + i);
            column.WriteBatch(values, 0, count);
        }
    }
}
