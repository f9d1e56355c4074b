using System.Globalization;
using ParquetSharp;

namespace Daso.Recording;

/// <summary>
/// Writes a table as a Parquet file, a row group at a time, so that the rows before it need no memory. The file has a temporary name until
/// it is complete. Texts become dictionaries; everything is compressed.
/// </summary>
/// <param name="path">The file; made with the first group, replaced if it exists.</param>
/// <param name="columns">Its columns.</param>
internal sealed class ParquetTable(string path, IReadOnlyList<ParquetColumn> columns) : IDisposable
{
    private ParquetFileWriter? _file;

    /// <summary>Adds a row group.</summary>
    /// <param name="rows">Its rows; the columns know their values, from row 0 on.</param>
    /// <exception cref="UserErrorException">The file cannot be written.</exception>
    public void Append(int rows)
    {
        try
        {
            Add(rows);
        }
        catch (Exception failure) when (FileFailure.Is(failure))
        {
            throw FileFailure.Writing(path, failure);
        }
    }

    /// <summary>Adds the last row group and gives the file its name.</summary>
    /// <param name="rows">Rows of the last group.</param>
    /// <exception cref="UserErrorException">The file cannot be written.</exception>
    public void Complete(int rows) => AtomicFile.Write(path, _ =>
    {
        if (rows > 0 || _file is null)
            Add(rows);
        _file!.Close();
        _file.Dispose();
        _file = null;
    });

    /// <summary>Closes the file; one that was not completed keeps its temporary name.</summary>
    public void Dispose() => _file?.Dispose();

    private void Add(int rows)
    {
        _file ??= Open();
        using RowGroupWriter group = _file.AppendRowGroup();
        foreach (ParquetColumn column in columns)
            column.Write(group, rows);
    }

    private ParquetFileWriter Open()
    {
        using var builder = new WriterPropertiesBuilder();
        builder.Compression(Compression.Zstd).DisableDictionary();
        foreach (ParquetColumn column in columns.Where(column => column.IsText))
            builder.EnableDictionary(column.Name);
        using WriterProperties properties = builder.Build();
        var metadata = new Dictionary<string, string> { [RecordFormat.Key] = RecordFormat.Current.ToString(CultureInfo.InvariantCulture) };
        return new ParquetFileWriter(AtomicFile.TemporaryOf(path), [.. columns.Select(column => column.Declaration)], properties, metadata);
    }
}
