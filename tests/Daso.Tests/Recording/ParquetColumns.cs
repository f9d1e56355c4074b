using Daso.Recording;
using ParquetSharp;

namespace Daso.Tests.Recording;

/// <summary>Whole columns of small files.</summary>
internal static class ParquetColumns
{
    public static T[] Numbers<T>(this ParquetFileReader file, string name)
        where T : unmanaged
    {
        var column = new NumberColumn<T>(name);
        return file.All(column, () => column.Values);
    }

    public static string[] Texts(this ParquetFileReader file, string name)
    {
        var column = new TextColumn<string>(name, text => text);
        return file.All(column, () => column.Values);
    }

    private static T[] All<T>(this ParquetFileReader file, ReadColumn column, Func<T[]> values)
    {
        var all = new List<T>();
        file.ForEachBatch([column], rows => all.AddRange(values().AsSpan(0, rows)));
        return [.. all];
    }
}
