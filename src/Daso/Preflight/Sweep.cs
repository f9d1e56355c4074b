using System.Diagnostics;
using Daso.Cluster;
using Daso.Communication;

namespace Daso.Preflight;

/// <summary>
/// Measures a cluster's groups within a time: all-reduce, its two halves and broadcast over sizes, with the results checked. The ranks agree
/// on every decision that depends on time.
/// </summary>
internal sealed class Sweep
{
    internal const string AllReduceName = "all-reduce";
    internal const string BroadcastName = "broadcast";
    internal const string ReduceScatterName = "reduce-scatter";
    internal const string AllGatherName = "all-gather";

    private const int MinimumBytes = 1024;
    private const int SizeFactor = 8;
    private const int MaximumRounds = 20;

    private readonly RankContext _ranks;
    private readonly long _maximumBytes;
    private readonly List<Measurement> _measurements = [];
    private readonly List<LeftOut> _leftOut = [];

    private Sweep(RankContext ranks, long maximumBytes)
    {
        _ranks = ranks;
        _maximumBytes = maximumBytes;
    }

    /// <summary>Sweeps all groups with more than one rank. Collective.</summary>
    /// <param name="ranks">This rank.</param>
    /// <param name="maximumBytes">The largest buffer.</param>
    /// <param name="budget">About how long; each series of sizes gets its share, and what it leaves goes to those after it.</param>
    /// <returns>The same on every rank.</returns>
    internal static (IReadOnlyList<Measurement> Measurements, IReadOnlyList<LeftOut> LeftOut) Run(
        RankContext ranks, long maximumBytes, TimeSpan budget)
    {
        var sweep = new Sweep(ranks, maximumBytes);
        Series[] all = [.. new[] { ranks.World, ranks.Node, ranks.Global }.Where(group => group.Size > 1).SelectMany(SeriesOf)];
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < all.Length; i++)
        {
            double left = (budget - Stopwatch.GetElapsedTime(start)).TotalSeconds;
            sweep.Run(all[i], -sweep.Longest(-left)[0] / (all.Length - i));
        }

        return (sweep._measurements, sweep._leftOut);
    }

    /// <summary>1 KiB, 8 KiB, … and at last the largest.</summary>
    internal static IEnumerable<int> Sizes(long maximumBytes)
    {
        for (long bytes = MinimumBytes; bytes < maximumBytes; bytes *= SizeFactor)
            yield return (int)bytes;
        yield return (int)maximumBytes;
    }

    private static IEnumerable<Series> SeriesOf(ICommunicator group)
    {
        // Small whole numbers: sums are exact in any order.
        float sumOfRanks = group.Size * (group.Size - 1) / 2;
        string own = group.AllReduceWays[0].Name;
        foreach (AllReduceWay way in group.AllReduceWays)
            yield return new Series(group, AllReduceName, way.Name, way.StartSum) { Before = Own, After = Sum };
        yield return new Series(group, ReduceScatterName, own, values => group.StartReduceScatter(values, Parts(values), ReduceOperation.Sum))
        {
            Before = Own,
            After = Sum,
            IsCheckedInOwnPart = true,
        };
        yield return new Series(group, AllGatherName, own, values => group.StartAllGather(values, Parts(values)))
        {
            Before = Own,
            After = (element, part) => Value(element, part),
        };
        yield return new Series(group, BroadcastName, own, values => group.StartBroadcast(values, 0))
        {
            Before = (element, rank) => rank == 0 ? Value(element, 0) : -1,
            After = (element, _) => Value(element, 0),
        };

        Partition Parts(TensorRange values) => Partition.Even(values.Length, group.Size);
        float Own(int element, int rank) => Value(element, rank);
        float Sum(int element, int part) => (group.Size * Value(element, 0)) + sumOfRanks;
    }

    /// <summary>One operation from the smallest size to the largest that the time allows.</summary>
    private void Run(Series series, double seconds)
    {
        (int Bytes, double Seconds) last = (MinimumBytes, 0);
        foreach (int bytes in Sizes(_maximumBytes))
        {
            _ranks.Cancelled.ThrowIfCancellationRequested();
            // The smallest is measured in any case.
            double estimate = last.Seconds * bytes / last.Bytes;
            if (estimate > 0 && 2 * estimate > seconds)
            {
                _leftOut.Add(new LeftOut(series.Group.Name, series.Collective, series.Implementation, bytes, (long)(estimate * 1e9)));
                continue;
            }

            long start = Stopwatch.GetTimestamp();
            last = (bytes, Measure(series, bytes, seconds / 2));
            seconds -= Longest(Stopwatch.GetElapsedTime(start).TotalSeconds)[0];
        }
    }

    /// <summary>Measures one size; returns the seconds that a round takes with its preparation and check.</summary>
    private double Measure(Series series, int bytes, double seconds)
    {
        float[] values = new float[bytes / sizeof(float)];
        long start = Stopwatch.GetTimestamp();
        bool isCorrect = Once(series, values, out _);
        double round = Longest(Stopwatch.GetElapsedTime(start).TotalSeconds)[0];
        double[] times = new double[(int)Math.Clamp(seconds / round, 1, MaximumRounds)];
        for (int i = 0; i < times.Length; i++)
            isCorrect &= Once(series, values, out times[i]);

        double[] slowest = Longest([isCorrect ? 0 : 1, .. times]);
        double[] sorted = [.. slowest.Skip(1).Order()];
        _measurements.Add(new Measurement(
            series.Group.Name,
            series.Group.Size,
            _ranks.Topology.Ranks / series.Group.Size,
            series.Collective,
            series.Implementation,
            bytes,
            (long)(sorted[sorted.Length / 2] * 1e9),
            (long)(sorted[0] * 1e9),
            sorted.Length,
            slowest[0] == 0));
        return round;
    }

    /// <summary>One round; returns whether the result was right.</summary>
    private bool Once(Series series, float[] values, out double seconds)
    {
        ICommunicator group = series.Group;
        for (int i = 0; i < values.Length; i++)
            values[i] = series.Before(i, group.Rank);
        _ranks.World.Barrier();
        long start = Stopwatch.GetTimestamp();
        series.Start(values).Wait();
        seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;

        var parts = Partition.Even(values.Length, group.Size);
        for (int part = 0; part < group.Size; part++)
        {
            if (series.IsCheckedInOwnPart && part != group.Rank)
                continue;
            (int offset, int length) = parts[part];
            for (int i = offset; i < offset + length; i++)
            {
                if (values[i] != series.After(i, part))
                    return false;
            }
        }

        return true;
    }

    /// <summary>The largest of the ranks' numbers, one by one.</summary>
    private double[] Longest(params double[] mine)
    {
        float[] largest = [.. mine.Select(one => (float)one)];
        _ranks.World.AllReduce(largest, ReduceOperation.Max);
        return [.. largest.Select(one => (double)one)];
    }

    private static float Value(int element, int rank) => (element % 1013) + rank;

    /// <summary>One operation of one group, carried out in one way.</summary>
    private sealed record Series(
        ICommunicator Group, string Collective, string Implementation, Func<TensorRange, PendingOperation> Start)
    {
        /// <summary>A rank's value of an element.</summary>
        public required Func<int, int, float> Before { get; init; }

        /// <summary>What an element of a rank's part must be afterwards.</summary>
        public required Func<int, int, float> After { get; init; }

        /// <summary>Whether a rank's other parts are undefined then.</summary>
        public bool IsCheckedInOwnPart { get; init; }
    }
}
