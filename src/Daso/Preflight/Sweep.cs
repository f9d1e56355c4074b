using System.Diagnostics;
using Daso.Cluster;
using Daso.Communication;
using Daso.Communication.Mpi;

namespace Daso.Preflight;

/// <summary>Measures a cluster's groups: all-reduce and broadcast over sizes, with the results checked.</summary>
internal static class Sweep
{
    internal const string AllReduceName = "all-reduce";
    internal const string LibraryName = "all-reduce by the library";
    internal const string BroadcastName = "broadcast";

    private const int MinimumBytes = 1024;
    private const int SizeFactor = 8;
    private static readonly TimeSpan s_timePerLine = TimeSpan.FromSeconds(0.5);
    private const int MaximumRounds = 20;

    /// <summary>Sweeps all groups with more than one rank. Collective.</summary>
    /// <param name="ranks">This rank.</param>
    /// <param name="maximumBytes">The largest buffer.</param>
    /// <returns>The same on every rank.</returns>
    internal static IReadOnlyList<Measurement> Run(RankContext ranks, long maximumBytes)
    {
        var lines = new List<Measurement>();
        foreach (ICommunicator group in new[] { ranks.World, ranks.Node, ranks.Global }.Where(group => group.Size > 1))
        {
            foreach (string operation in new[] { AllReduceName, LibraryName, BroadcastName })
            {
                if (operation == LibraryName && group is not MpiCommunicator)
                    continue;
                foreach (int bytes in Sizes(maximumBytes))
                {
                    ranks.Cancelled.ThrowIfCancellationRequested();
                    lines.Add(Measure(ranks.World, group, operation, bytes));
                }
            }
        }

        return lines;
    }

    /// <summary>1 KiB, 8 KiB, … and at last the largest.</summary>
    internal static IEnumerable<int> Sizes(long maximumBytes)
    {
        for (long bytes = MinimumBytes; bytes < maximumBytes; bytes *= SizeFactor)
            yield return (int)bytes;
        yield return (int)maximumBytes;
    }

    private static Measurement Measure(ICommunicator world, ICommunicator group, string operation, int bytes)
    {
        float[] values = new float[bytes / sizeof(float)];
        bool isCorrect = Once(world, group, operation, values, out double seconds);
        float[] rounds = [(float)Math.Clamp(s_timePerLine / TimeSpan.FromSeconds(Math.Max(seconds, 1e-6)), 2, MaximumRounds)];
        world.AllReduce(rounds, ReduceOperation.Min);
        double[] times = new double[(int)rounds[0]];
        for (int round = 0; round < times.Length; round++)
            isCorrect &= Once(world, group, operation, values, out times[round]);

        // The slowest rank counts, and one wrong rank is enough; the smallest of negatives is the largest.
        Array.Sort(times);
        float[] worst = [-(float)times[times.Length / 2], isCorrect ? 1 : 0];
        world.AllReduce(worst, ReduceOperation.Min);
        return new Measurement(group.Name, group.Size, operation, bytes, -worst[0], worst[1] == 1);
    }

    private static bool Once(ICommunicator world, ICommunicator group, string operation, float[] values, out double seconds)
    {
        bool isAllReduce = operation != BroadcastName;
        for (int i = 0; i < values.Length; i++)
            values[i] = isAllReduce || group.Rank == 0 ? Value(i, isAllReduce ? group.Rank : 0) : -1;
        world.Barrier();
        long start = Stopwatch.GetTimestamp();
        if (isAllReduce && group is MpiCommunicator mpi)
            mpi.StartSum(values, operation == LibraryName ? AllReduceAlgorithm.Library : AllReduceAlgorithm.Hierarchical).Wait();
        else if (isAllReduce)
            group.AllReduce(values, ReduceOperation.Sum);
        else
            group.Broadcast(values, 0);
        seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;

        // Small whole numbers: sums are exact in any order.
        int sumOfRanks = group.Size * (group.Size - 1) / 2;
        for (int i = 0; i < values.Length; i++)
        {
            float expected = isAllReduce ? (group.Size * Value(i, 0)) + sumOfRanks : Value(i, 0);
            if (values[i] != expected)
                return false;
        }

        return true;
    }

    private static float Value(int element, int rank) => (element % 1013) + rank;
}
