using Daso.Recording;

namespace Daso.Analysis;

/// <summary>Reads one rank's spans of a training, in batches: memory does not grow with the training.</summary>
internal static class RankSpans
{
    /// <summary>Hands out the spans in the order in which they were recorded.</summary>
    /// <param name="folder">The run's folder.</param>
    /// <param name="cell">The cell.</param>
    /// <param name="rank">The rank.</param>
    /// <param name="take">Takes a span.</param>
    /// <exception cref="UserErrorException">The file cannot be read, or is another cell's or rank's.</exception>
    public static void Read(RunFolder folder, CellId cell, int rank, Action<RecordedSpan> take)
    {
        var kind = new TextColumn<SpanKind>("span", SpanNames.Parse);
        NumberColumn<int> epoch = new("epoch"), step = new("step");
        NumberColumn<long> start = new("start_ns"), duration = new("duration_ns"), bytes = new("bytes");
        NumberColumn<long> group = new("group"), sequence = new("operation");
        ReadColumn[] columns = [kind, epoch, step, start, duration, bytes];
        Array.Fill(group.Values, RecordFormat.NoOperation);
        RecordFile.Read(
            folder.Timings(cell, rank),
            cell,
            rank,
            format => format < RecordFormat.WithOperations ? columns : [.. columns, group, sequence],
            rows =>
            {
                for (int i = 0; i < rows; i++)
                {
                    take(new RecordedSpan(
                        kind.Values[i],
                        epoch.Values[i],
                        step.Values[i],
                        start.Values[i],
                        duration.Values[i],
                        bytes.Values[i],
                        group.Values[i],
                        sequence.Values[i]));
                }
            });
    }
}
