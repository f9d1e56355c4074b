using Daso.Recording;
using ParquetSharp;

namespace Daso.Analysis;

/// <summary>One rank's spans of one cell, as in its file; entry i of each array belongs to span i.</summary>
internal sealed record RankSpans(SpanKind[] Kinds, int[] Epochs, int[] Steps, long[] StartsNs, long[] DurationsNs, long[] Bytes)
{
    /// <exception cref="UserErrorException">The file cannot be read.</exception>
    public static RankSpans Read(string path) => RecordFile.Read(path, file => new RankSpans(
        ParquetTable.ReadTexts(file, "span", SpanNames.Parse),
        ParquetTable.Read<int>(file, "epoch"),
        ParquetTable.Read<int>(file, "step"),
        ParquetTable.Read<long>(file, "start_ns"),
        ParquetTable.Read<long>(file, "duration_ns"),
        ParquetTable.Read<long>(file, "bytes")));

    /// <summary>The time of each step; 0 where there is none.</summary>
    /// <param name="steps">How many.</param>
    public long[] StepTimes(int steps)
    {
        long[] times = new long[steps];
        for (int i = 0; i < Kinds.Length; i++)
        {
            if (Kinds[i] == SpanKind.Step)
                times[Steps[i]] = DurationsNs[i];
        }

        return times;
    }

    /// <summary>All time in spans of a kind.</summary>
    public long TotalNs(SpanKind kind)
    {
        long sum = 0;
        for (int i = 0; i < Kinds.Length; i++)
        {
            if (Kinds[i] == kind)
                sum += DurationsNs[i];
        }

        return sum;
    }
}

/// <summary>One rank's metrics of one cell, as in its file; entry i of each array belongs to metric i.</summary>
internal sealed record RankMetrics(string[] Names, int[] Epochs, double[] Values)
{
    /// <exception cref="UserErrorException">The file cannot be read.</exception>
    public static RankMetrics Read(string path) => RecordFile.Read(path, file => new RankMetrics(
        ParquetTable.ReadTexts(file, "metric"),
        ParquetTable.Read<int>(file, "epoch"),
        ParquetTable.Read<double>(file, "value")));

    /// <summary>The values of one metric.</summary>
    public IEnumerable<double> Of(string name) => Values.Where((_, i) => Names[i] == name);

    /// <summary>The sum of the values of one metric.</summary>
    public double Sum(string name)
    {
        double sum = 0;
        for (int i = 0; i < Names.Length; i++)
        {
            if (Names[i] == name)
                sum += Values[i];
        }

        return sum;
    }
}

/// <summary>Reads one Parquet file and names it in errors.</summary>
internal static class RecordFile
{
    public static T Read<T>(string path, Func<ParquetFileReader, T> read)
    {
        try
        {
            using var file = new ParquetFileReader(path);
            return read(file);
        }
        catch (Exception damage) when (FileFailure.Is(damage) || damage is FormatException)
        {
            throw new UserErrorException(
                $"{path}: cannot be read ({FileFailure.Reason(damage)}); remove it to leave its cell out");
        }
    }
}
