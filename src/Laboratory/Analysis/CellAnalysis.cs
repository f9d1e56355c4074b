using System.Numerics.Tensors;
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
        Task<RankSpans>[] spans = [.. ranks.Select(rank => Task.Run(() => RankSpans.Read(folder, cell, rank)))];
        return Summarise(
            cell.Seed,
            cluster,
            [.. spans.Select(read => read.GetAwaiter().GetResult())],
            [.. ranks.Select(rank => RankMetrics.Read(folder, cell, rank))],
            target,
            qualityMetric);
    }

    private static CellSummary Summarise(
        int seed, RecordedCluster cluster, RankSpans[] spans, RankMetrics[] metrics, TargetQuality? target, string qualityMetric)
    {
        int steps = spans.Max(rank => rank.Steps.AsSpan().IsEmpty ? -1 : TensorPrimitives.Max<int>(rank.Steps)) + 1;
        long[][] stepsNs = [.. spans.Select(rank => rank.StepTimes(steps))];
        long[] epochsNs = EpochTimes(spans);
        double?[] qualities = Qualities(metrics[0], qualityMetric, epochsNs.Length);
        double[] allocated = [.. metrics.SelectMany(rank => rank.Of(MetricNames.AllocatedBytes))];
        double items = metrics.Sum(rank => rank.Sum(MetricNames.Items));
        Stops? stops = Stops.Of(metrics);
        RankSpans[] undisturbed = stops is null ? spans : [.. spans.Select(rank => rank.Without(stops.LeftOut))];
        double stepTime = TotalNs(undisturbed, SpanKind.Step);
        int? epochsToTarget = EpochsToTarget(qualities, target);
        return new CellSummary
        {
            Seed = seed,
            Steps = steps,
            Items = items,
            TrainingNs = epochsNs.Sum(),
            ItemsPerSecond = items / epochsNs.Sum() * 1e9,
            EpochsToTarget = epochsToTarget,
            TimeToTargetNs = epochsToTarget is int epochs ? epochsNs.Take(epochs).Sum() : null,
            FinalQuality = qualities.LastOrDefault(quality => quality is not null),
            BytesPerNodeStep = (double)spans.Sum(rank => TensorPrimitives.Sum<long>(rank.Bytes)) / cluster.Nodes / steps,
            LocalWaitShare = TotalNs(undisturbed, SpanKind.LocalSync) / stepTime,
            GlobalWaitShare = TotalNs(undisturbed, SpanKind.GlobalWait) / stepTime,
            AllocatedBytesPerStep = allocated.Length > 0 ? Statistics.Median(allocated) : null,
            Collections = Collections.Of(metrics),
            Stops = stops,
            Breakdown = BreakdownAnalysis.Of(undisturbed, cluster, steps, stops?.Steps ?? 0),
            StepsNs = SlowestSteps(stepsNs),
            Epochs = EpochPoint.Of(epochsNs, metrics[0]),
            Blocks = steps > (stops?.Steps ?? 0) ? StepBlocks.Of(stepsNs, stops?.LeftOut) : null,
        };
    }

    /// <summary>Of every step, the longest time that a rank took; where ranks wait for each other, all take that long.</summary>
    private static double[] SlowestSteps(long[][] ranks)
    {
        double[] slowest = new double[ranks[0].Length];
        foreach (long[] rank in ranks)
        {
            for (int step = 0; step < slowest.Length; step++)
                slowest[step] = Math.Max(slowest[step], rank[step]);
        }

        return slowest;
    }

    /// <summary>The slowest rank's training time in each epoch.</summary>
    private static long[] EpochTimes(RankSpans[] ranks)
    {
        int epochs = ranks.Max(rank => rank.Epochs.AsSpan().IsEmpty ? -1 : TensorPrimitives.Max<int>(rank.Epochs)) + 1;
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

    private static int? EpochsToTarget(double?[] qualities, TargetQuality? target)
    {
        if (target is null)
            return null;
        int epoch = Array.FindIndex(qualities, quality => quality is double measured && target.IsReachedBy(measured));
        return epoch < 0 ? null : epoch + 1;
    }

    private static double TotalNs(RankSpans[] ranks, SpanKind kind) => ranks.Sum(spans => (double)spans.TotalNs(kind));
}
