using System.Globalization;
using ParquetSharp;
using TextEncoding = System.Text.Encoding;

namespace Daso.Recording;

/// <summary>Reads columns of a Parquet file, whatever their place.</summary>
internal static class ParquetReading
{
    private const int TextsAtOnce = 4096;

    /// <summary>The version of the file's layout.</summary>
    /// <exception cref="FormatException">It is no number.</exception>
    public static int Format(this ParquetFileReader file) =>
        file.FileMetaData.KeyValueMetadata.TryGetValue(RecordFormat.Key, out string? version)
            ? int.Parse(version, NumberStyles.None, CultureInfo.InvariantCulture)
            : 1;

    /// <summary>Reads a column of numbers.</summary>
    /// <exception cref="FormatException">There is no such column.</exception>
    public static T[] Numbers<T>(this ParquetFileReader file, string name)
        where T : unmanaged
    {
        var values = new T[checked((int)file.FileMetaData.NumRows)];
        int read = 0;
        ForEachGroup<T>(file, name, column =>
        {
            while (column.HasNext)
            {
                column.ReadBatch(values.Length - read, values.AsSpan(read), out long count);
                read += (int)count;
            }
        });
        return values;
    }

    /// <summary>Reads a column of texts of which there are few; the same text is the same object.</summary>
    /// <exception cref="FormatException">There is no such column.</exception>
    public static string[] Texts(this ParquetFileReader file, string name) => file.Texts(name, text => text);

    /// <summary>Reads a column of texts of which there are few, as what they mean.</summary>
    /// <param name="file">The file.</param>
    /// <param name="name">The column.</param>
    /// <param name="parse">Called once for each text.</param>
    /// <exception cref="FormatException">There is no such column, or a row has no text.</exception>
    public static T[] Texts<T>(this ParquetFileReader file, string name, Func<string, T> parse)
    {
        var values = new T[checked((int)file.FileMetaData.NumRows)];
        var known = new List<(byte[] Text, T Value)>();
        var batch = new ByteArray[TextsAtOnce];
        short[] present = new short[TextsAtOnce];
        int read = 0;
        ForEachGroup<ByteArray>(file, name, column =>
        {
            while (column.HasNext)
            {
                long levels = column.ReadBatch(TextsAtOnce, present, [], batch, out long count);
                if (levels != count)
                    throw new FormatException($"column {name} has a row without a value");
                for (int i = 0; i < count; i++)
                    values[read++] = Find(batch[i], known, parse);
            }
        });
        return values;
    }

    /// <summary>The number in the first row.</summary>
    /// <exception cref="FormatException">There is no such column.</exception>
    public static int FirstNumber(this ParquetFileReader file, string name)
    {
        int[] first = new int[1];
        InGroup<int>(file, 0, name, column => column.ReadBatch(1, first, out _));
        return first[0];
    }

    /// <summary>The text in the first row.</summary>
    /// <exception cref="FormatException">There is no such column, or the row has no text.</exception>
    public static unsafe string FirstText(this ParquetFileReader file, string name)
    {
        string text = "";
        InGroup<ByteArray>(file, 0, name, column =>
        {
            var first = new ByteArray[1];
            column.ReadBatch(1, new short[1], [], first, out long count);
            if (count == 0)
                throw new FormatException($"column {name} has a row without a value");
            text = TextEncoding.UTF8.GetString(new ReadOnlySpan<byte>((void*)first[0].Pointer, first[0].Length));
        });
        return text;
    }

    private static unsafe T Find<T>(ByteArray bytes, List<(byte[] Text, T Value)> known, Func<string, T> parse)
    {
        var text = new ReadOnlySpan<byte>((void*)bytes.Pointer, bytes.Length);
        foreach ((byte[] other, T value) in known)
        {
            if (text.SequenceEqual(other))
                return value;
        }

        T parsed = parse(TextEncoding.UTF8.GetString(text));
        known.Add((text.ToArray(), parsed));
        return parsed;
    }

    private static void ForEachGroup<T>(ParquetFileReader file, string name, Action<ColumnReader<T>> read)
        where T : unmanaged
    {
        for (int i = 0; i < file.FileMetaData.NumRowGroups; i++)
            InGroup(file, i, name, read);
    }

    private static void InGroup<T>(ParquetFileReader file, int group, string name, Action<ColumnReader<T>> read)
        where T : unmanaged
    {
        int index = file.FileMetaData.Schema.ColumnIndex(name);
        if (index < 0)
            throw new FormatException($"no column {name}");
        using RowGroupReader rows = file.RowGroup(group);
        using ColumnReader column = rows.Column(index);
        read(column as ColumnReader<T> ?? throw new FormatException($"column {name} is not of {typeof(T).Name}"));
    }
}
