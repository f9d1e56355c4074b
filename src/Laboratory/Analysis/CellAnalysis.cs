using System.Runtime.ExceptionServices;
using Daso.Recording;
using Daso.Specification;

namespace Daso.Analysis;

/// <summary>Turns one cell's records into its summary.</summary>
internal static class CellAnalysis
{
    /// <summary>Reads a complete cell, rank by rank, on as many cores as there are.</summary>
    /// <exception cref="UserErrorException">A file cannot be read.</exception>
    public static CellSummary Read(RunFolder folder, CellId cell, RecordedCluster cluster, TargetQuality? target, string qualityMetric)
    {
        RankMetrics[] metrics = OfRanks(cluster, rank => RankMetrics.Read(folder, cell, rank));
        var stops = Stops.Of(metrics);
        (RankTimes Times, Computing Computing)[] ranks = OfRanks(cluster, rank =>
        {
            var times = RankTimes.Read(folder, cell, rank, stops?.LeftOut);
            return (times, Computing.Of(times.ComputingNs()));
        });
        return Summarise(cell.Seed, cluster, metrics, stops, ranks, target, qualityMetric);
    }

    /// <summary>Of each rank, in their order, what a function gives; of several failures the first rank's.</summary>
    private static T[] OfRanks<T>(RecordedCluster cluster, Func<int, T> read)
    {
        var ranks = new T[cluster.Ranks()];
        var failures = new ExceptionDispatchInfo?[ranks.Length];
        Parallel.For(0, ranks.Length, new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount }, rank =>
        {
            try
            {
                ranks[rank] = read(rank);
            }
            catch (UserErrorException mistake)
            {
                failures[rank] = ExceptionDispatchInfo.Capture(mistake);
            }
        });
        failures.FirstOrDefault(failure => failure is not null)?.Throw();
        return ranks;
    }

    private static CellSummary Summarise(
        int seed,
        RecordedCluster cluster,
        RankMetrics[] metrics,
        Stops? stops,
        (RankTimes Times, Computing Computing)[] ranks,
        TargetQuality? target,
        string qualityMetric)
    {
        RankTimes[] times = [.. ranks.Select(rank => rank.Times)];
        int steps = times.Max(rank => rank.Steps);
        long[][] stepsNs = [.. times.Select(rank => rank.StepsNs(steps))];
        int epochCount = times.Max(rank => rank.Epochs.Count);
        long[] epochsNs = [.. Enumerable.Range(0, epochCount).Select(epoch => times.Max(rank => rank.TrainingNs(epoch)))];
        double?[] qualities = Qualities(metrics[0], qualityMetric, epochCount);
        double[] allocated = [.. metrics.SelectMany(rank => rank.AllocatedBytes)];
        double items = metrics.Sum(rank => rank.Items);
        double stepTime = UndisturbedNs(times, SpanKind.Step);
        int? epochsToTarget = EpochsToTarget(qualities, target);
        (StepBreakdown breakdown, LateRank? late) =
            BreakdownAnalysis.Of([.. times.Select(rank => rank.Waits)], cluster, steps, stops?.Steps ?? 0);
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
            BytesPerNodeStep = (double)times.Sum(rank => rank.Bytes) / cluster.Nodes / steps,
            LocalWaitShare = UndisturbedNs(times, SpanKind.LocalSync) / stepTime,
            GlobalWaitShare = UndisturbedNs(times, SpanKind.GlobalWait) / stepTime,
            AllocatedBytesPerStep = allocated.Length > 0 ? Statistics.Median(allocated) : null,
            Collections = Collections.OfProcesses([.. metrics.Select(rank => rank.Collections)]),
            Stops = stops,
            Breakdown = breakdown,
            Late = late,
            StepsNs = SlowestSteps(stepsNs),
            Epochs = EpochPoint.Of(epochsNs, metrics[0]),
            Blocks = steps > (stops?.Steps ?? 0) ? StepBlocks.Of(stepsNs, stops?.LeftOut) : null,
            Phases = steps > 0 ? PhaseTimes.Of(ranks) : null,
            Clock = times[0].Epochs,
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

    /// <summary>The quality after each epoch; rank 0 records it for all.</summary>
    private static double?[] Qualities(RankMetrics metrics, string quality, int epochs)
    {
        double?[] qualities = new double?[epochs];
        foreach ((_, int epoch, double value) in metrics.OfEpochs.Where(metric => metric.Name == quality))
            qualities[epoch] = value;
        return qualities;
    }

    private static int? EpochsToTarget(double?[] qualities, TargetQuality? target)
    {
        if (target is null)
            return null;
        int epoch = Array.FindIndex(qualities, quality => quality is double measured && target.IsReachedBy(measured));
        return epoch < 0 ? null : epoch + 1;
    }

    private static double UndisturbedNs(RankTimes[] ranks, SpanKind kind) => ranks.Sum(rank => (double)rank.UndisturbedNs(kind));
}
