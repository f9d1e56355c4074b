using Daso.Analysis;
using Daso.Recording;

namespace Daso.Prediction.Calibrating;

/// <summary>Takes the phases of a step from a cell's spans.</summary>
internal static class PhaseReading
{
    /// <exception cref="UserErrorException">A file cannot be read.</exception>
    internal static PhaseTimes Read(RunFolder folder, CellId cell, int ranks)
    {
        RankSpans[] spans = [.. Enumerable.Range(0, ranks).Select(rank => RankSpans.Read(folder, cell, rank))];
        double Mean(SpanKind kind) => Sum(spans, kind) / Count(spans, SpanKind.Step);
        double other = (spans.Sum(ElapsedNs) / Count(spans, SpanKind.Step)) - Enum.GetValues<SpanKind>()
            .Where(kind => kind is not (SpanKind.Step or SpanKind.Evaluation or SpanKind.Checkpoint or SpanKind.Data))
            .Sum(Mean);
        double[][] computing = [.. spans.Select(Computing)];
        double copies = Count(spans, SpanKind.GlobalSend);
        return new PhaseTimes(
            Mean(SpanKind.Forward),
            Mean(SpanKind.Backward),
            Mean(SpanKind.Optimizer),
            Math.Max(0, other),
            copies > 0 ? Sum(spans, SpanKind.GlobalSend) / copies : null,
            Statistics.Median([.. computing.Select(
                rank => NormalTheory.DeviationOfMad * Statistics.MedianAbsoluteDeviation(rank) / Statistics.Median(rank))]),
            JitterPerRank([.. computing.Select(rank => Statistics.Mean(rank))], [.. computing.Select(rank => ErrorOfMean(rank))]));
    }

    /// <summary>The spread of the ranks' means beyond what their own errors explain.</summary>
    private static double JitterPerRank(double[] means, double[] errors)
    {
        if (means.Length < 2)
            return 0;
        double deviation = Statistics.StandardDeviation(means);
        double noise = errors.Sum(error => error * error) / errors.Length;
        return Math.Sqrt(Math.Max(0, (deviation * deviation) - noise)) / Statistics.Mean(means);
    }

    private static double ErrorOfMean(double[] values) => Statistics.StandardDeviation(values) / Math.Sqrt(values.Length);

    /// <summary>A rank's forward and backward, summed in each step.</summary>
    private static double[] Computing(RankSpans spans)
    {
        var steps = new SortedDictionary<int, double>();
        for (int i = 0; i < spans.Kinds.Length; i++)
        {
            if (spans.Kinds[i] is SpanKind.Forward or SpanKind.Backward)
                steps[spans.Steps[i]] = steps.GetValueOrDefault(spans.Steps[i]) + spans.DurationsNs[i];
        }

        return [.. steps.Values];
    }

    /// <summary>From each epoch's first step to its last, what lies between steps included.</summary>
    private static double ElapsedNs(RankSpans spans) => Enumerable.Range(0, spans.Kinds.Length)
        .Where(i => spans.Kinds[i] == SpanKind.Step)
        .GroupBy(i => spans.Epochs[i])
        .Sum(epoch => (double)(epoch.Max(i => spans.StartsNs[i] + spans.DurationsNs[i]) - epoch.Min(i => spans.StartsNs[i])));

    private static double Sum(RankSpans[] ranks, SpanKind kind) =>
        ranks.Sum(spans => spans.DurationsNs.Where((_, i) => spans.Kinds[i] == kind).Sum(ns => (double)ns));

    private static double Count(RankSpans[] ranks, SpanKind kind) => ranks.Sum(spans => spans.Kinds.Count(one => one == kind));
}
