using Daso.Recording;
using ParquetSharp;

namespace Daso.Analysis;

/// <summary>
/// One rank's spans of one cell, as in its file; entry i of each array belongs to span i. No operation is said: null.
/// </summary>
internal sealed record RankSpans(
    SpanKind[] Kinds, int[] Epochs, int[] Steps, long[] StartsNs, long[] DurationsNs, long[] Bytes, OperationKey?[] Operations)
{
    /// <exception cref="UserErrorException">The file cannot be read, or is another cell's or rank's.</exception>
    public static RankSpans Read(RunFolder folder, CellId cell, int rank) => RecordFile.Read(
        folder.Timings(cell, rank), cell, rank, file => new RankSpans(
        file.Texts("span", SpanNames.Parse),
        file.Numbers<int>("epoch"),
        file.Numbers<int>("step"),
        file.Numbers<long>("start_ns"),
        file.Numbers<long>("duration_ns"),
        file.Numbers<long>("bytes"),
        OperationsOf(file)));

    private static OperationKey?[] OperationsOf(ParquetFileReader file)
    {
        if (file.Format() < RecordFormat.WithOperations)
            return new OperationKey?[checked((int)file.FileMetaData.NumRows)];
        long[] operations = file.Numbers<long>("operation");
        return [.. file.Numbers<long>("group").Select((group, i) =>
            group == RecordFormat.NoOperation ? (OperationKey?)null : new OperationKey(group, operations[i]))];
    }

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

    /// <summary>The spans of all steps but some.</summary>
    public RankSpans Without(IReadOnlySet<int> steps)
    {
        int[] kept = [.. Enumerable.Range(0, Kinds.Length).Where(span => !steps.Contains(Steps[span]))];
        return new RankSpans(Pick(Kinds), Pick(Epochs), Pick(Steps), Pick(StartsNs), Pick(DurationsNs), Pick(Bytes), Pick(Operations));

        T[] Pick<T>(T[] column) => [.. kept.Select(span => column[span])];
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
internal sealed record RankMetrics(string[] Names, int[] Epochs, int[] Steps, double[] Values)
{
    /// <exception cref="UserErrorException">The file cannot be read, or is another cell's or rank's.</exception>
    public static RankMetrics Read(RunFolder folder, CellId cell, int rank) => RecordFile.Read(
        folder.Metrics(cell, rank), cell, rank, file => new RankMetrics(
        file.Texts("metric"),
        file.Numbers<int>("epoch"),
        file.Numbers<int>("step"),
        file.Numbers<double>("value")));

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
    private const string Mend = "put the right one there, or remove it to leave its cell out";

    public static T Read<T>(string path, CellId cell, int rank, Func<ParquetFileReader, T> read)
    {
        try
        {
            using var file = new ParquetFileReader(path);
            RecordFormat.RequireReadable(path, file.Format());
            if (file.FileMetaData.NumRows > 0)
                RequireOwner(path, file, cell, rank);
            return read(file);
        }
        catch (Exception damage) when (FileFailure.Is(damage) || damage is FormatException)
        {
            throw new UserErrorException($"{path}: cannot be read ({FileFailure.Reason(damage)}); {Mend}");
        }
    }

    private static void RequireOwner(string path, ParquetFileReader file, CellId cell, int rank)
    {
        var owner = new CellId(file.FirstText("experiment"), file.FirstText("strategy"), file.FirstNumber("seed"));
        int ownerRank = file.FirstNumber("rank");
        if ((owner, ownerRank) != (cell, rank))
        {
            throw new UserErrorException(FormattableString.Invariant(
                $"{path}: holds {owner.Experiment}, {owner.Strategy}, seed {owner.Seed}, rank {ownerRank}; {Mend}"));
        }
    }
}
