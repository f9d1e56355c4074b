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
    {
        int index = file.FileMetaData.Schema.ColumnIndex(name);
        var values = new List<T>(checked((int)file.FileMetaData.NumRows));
        for (int i = 0; i < file.FileMetaData.NumRowGroups; i++)
        {
            using RowGroupReader group = file.RowGroup(i);
            using LogicalColumnReader<T> column = group.Column(index).LogicalReader<T>();
            values.AddRange(column.ReadAll(checked((int)group.MetaData.NumRows)));
        }

        return [.. values];
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
