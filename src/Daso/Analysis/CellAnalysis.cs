using Daso.Recording;
using Daso.Specification;

namespace Daso.Analysis;

/// <summary>Turns one cell's records into its summary.</summary>
internal static class CellAnalysis
{
    /// <summary>Reads a complete cell.</summary>
    /// <exception cref="UserErrorException">A file cannot be read.</exception>
    public static CellSummary Read(RunFolder folder, CellId cell, RecordedCluster cluster, TargetQuality? target, string qualityMetric)
    {
        int[] ranks = [.. Enumerable.Range(0, cluster.Ranks())];
        return Summarise(
            cell.Seed,
            cluster.Nodes,
            [.. ranks.Select(rank => RankSpans.Read(folder.Timings(cell, rank)))],
            [.. ranks.Select(rank => RankMetrics.Read(folder.Metrics(cell, rank)))],
            target,
            qualityMetric);
    }

    private static CellSummary Summarise(
        int seed, int nodes, RankSpans[] spans, RankMetrics[] metrics, TargetQuality? target, string qualityMetric)
    {
        double[] stepsNs = SlowestSteps(spans);
        long[] epochsNs = EpochTimes(spans);
        double?[] qualities = Qualities(metrics[0], qualityMetric, epochsNs.Length);
        double[] allocated = [.. metrics.SelectMany(rank => rank.Of(MetricNames.AllocatedBytes))];
        double stepTime = TotalNs(spans, SpanKind.Step);
        return new CellSummary
        {
            Seed = seed,
            Steps = stepsNs.Length,
            TrainingNs = epochsNs.Sum(),
            ItemsPerSecond = metrics.SelectMany(rank => rank.Of(MetricNames.Items)).Sum() / epochsNs.Sum() * 1e9,
            TimeToTargetNs = TimeToTarget(epochsNs, qualities, target),
            FinalQuality = qualities.LastOrDefault(quality => quality is not null),
            BytesPerNodeStep = (double)spans.Sum(rank => rank.Bytes.Sum()) / nodes / stepsNs.Length,
            LocalWaitShare = TotalNs(spans, SpanKind.LocalSync) / stepTime,
            GlobalWaitShare = TotalNs(spans, SpanKind.GlobalWait) / stepTime,
            AllocatedBytesPerStep = allocated.Length > 0 ? Statistics.Median(allocated) : null,
            StepsNs = stepsNs,
            Epochs = EpochPoint.Of(epochsNs, metrics[0]),
        };
    }

    /// <summary>Of every step, the longest time that a rank took; where ranks wait for each other, all take that long.</summary>
    private static double[] SlowestSteps(RankSpans[] ranks)
    {
        var slowest = new SortedDictionary<int, long>();
        foreach (RankSpans spans in ranks)
        {
            for (int i = 0; i < spans.Kinds.Length; i++)
            {
                if (spans.Kinds[i] == SpanKind.Step)
                    slowest[spans.Steps[i]] = Math.Max(slowest.GetValueOrDefault(spans.Steps[i]), spans.DurationsNs[i]);
            }
        }

        return [.. slowest.Values];
    }

    /// <summary>The slowest rank's training time in each epoch.</summary>
    private static long[] EpochTimes(RankSpans[] ranks)
    {
        int epochs = ranks.SelectMany(rank => rank.Epochs).DefaultIfEmpty(-1).Max() + 1;
        long[][] times = [.. ranks.Select(rank => EpochTimes(rank, epochs))];
        return [.. Enumerable.Range(0, epochs).Select(epoch => times.Max(rank => rank[epoch]))];
    }

    /// <summary>
    /// From the first training span's start to the last one's end, work of the strategy after the last step included, less the
    /// evaluation between them.
    /// </summary>
    private static long[] EpochTimes(RankSpans spans, int epochs)
    {
        var training = new (long FirstNs, long LastNs)[epochs];
        Array.Fill(training, (long.MaxValue, 0));
        for (int i = 0; i < spans.Kinds.Length; i++)
        {
            ref (long FirstNs, long LastNs) epoch = ref training[spans.Epochs[i]];
            if (spans.Kinds[i] != SpanKind.Evaluation)
                epoch = (Math.Min(epoch.FirstNs, spans.StartsNs[i]), Math.Max(epoch.LastNs, spans.StartsNs[i] + spans.DurationsNs[i]));
        }

        long[] times = [.. training.Select(epoch => Math.Max(0, epoch.LastNs - epoch.FirstNs))];
        for (int i = 0; i < spans.Kinds.Length; i++)
        {
            (long firstNs, long lastNs) = training[spans.Epochs[i]];
            if (spans.Kinds[i] == SpanKind.Evaluation && spans.StartsNs[i] >= firstNs && spans.StartsNs[i] < lastNs)
                times[spans.Epochs[i]] -= spans.DurationsNs[i];
        }

        return times;
    }

    /// <summary>The quality after each epoch; rank 0 records it for all.</summary>
    private static double?[] Qualities(RankMetrics metrics, string name, int epochs)
    {
        double?[] qualities = new double?[epochs];
        for (int i = 0; i < metrics.Names.Length; i++)
        {
            if (metrics.Names[i] == name)
                qualities[metrics.Epochs[i]] = metrics.Values[i];
        }

        return qualities;
    }

    private static long? TimeToTarget(long[] epochsNs, double?[] qualities, TargetQuality? target)
    {
        if (target is null)
            return null;
        int epoch = Array.FindIndex(qualities, quality => quality is double measured && target.IsReachedBy(measured));
        return epoch < 0 ? null : epochsNs.Take(epoch + 1).Sum();
    }

    private static double TotalNs(RankSpans[] ranks, SpanKind kind) =>
        ranks.Sum(spans => spans.DurationsNs.Where((_, i) => spans.Kinds[i] == kind).Sum());
}
