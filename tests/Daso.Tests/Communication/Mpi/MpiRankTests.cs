using System.Diagnostics;
using System.Runtime.InteropServices;
using Daso.Cluster;
using Daso.Communication;
using Daso.Tests.Cluster;

namespace Daso.Tests.Communication.Mpi;

/// <summary>What one of 2 × 2 processes does; started by <see cref="MpiTests"/>.</summary>
public class MpiRankTests
{
    /// <summary>More than one piece of 256 KiB in every format, and no multiple of one.</summary>
    private const int Large = 300_001;

    [Fact(Explicit = true)]
    public void Collectives()
    {
        string[] expected = TestCluster.Collect(2, 2, Everything);
        MpiProcesses.TakePart(ranks => Assert.Equal(expected[ranks.Rank], Everything(ranks)));
    }

    [Fact(Explicit = true)]
    public void Overlap() => MpiProcesses.TakePart(ranks =>
    {
        float[] values = new float[4 << 20];
        ranks.Global.AllReduce(values, ReduceOperation.Sum);
        ranks.World.Barrier();
        long start = Stopwatch.GetTimestamp();
        ranks.Global.AllReduce(values, ReduceOperation.Sum);
        TimeSpan blocking = Stopwatch.GetElapsedTime(start);

        ranks.World.Barrier();
        PendingOperation operation = ranks.Global.StartAllReduce(values, ReduceOperation.Sum);
        Thread.Sleep((4 * blocking) + TimeSpan.FromSeconds(0.2));
        start = Stopwatch.GetTimestamp();
        operation.Wait();
        TimeSpan waited = Stopwatch.GetElapsedTime(start);
        Assert.True(waited < blocking / 2, $"waited {waited} of {blocking}");
    });

    [Fact(Explicit = true)]
    public void Groups_do_not_wait_for_each_other() => MpiProcesses.TakePart(ranks =>
    {
        // Node 1 comes late to the global group; node 0's own group goes on meanwhile.
        if (ranks.NodeIndex == 1)
            Thread.Sleep(1000);
        PendingOperation global = ranks.Global.StartAllReduce(new float[Large], ReduceOperation.Sum);
        for (int i = 0; i < 5; i++)
            ranks.Node.AllReduce(new float[Large], ReduceOperation.Sum);
        Assert.True(ranks.NodeIndex == 1 || !global.IsCompleted);
        global.Wait();
    });

    [Fact(Explicit = true)]
    public void Failure() => MpiProcesses.TakePart(ranks =>
    {
        if (ranks.Rank == 2)
            throw new InvalidOperationException("the disk is full");
        ranks.World.Barrier();
    });

    [Fact(Explicit = true)]
    public void Absence() => MpiProcesses.TakePart(
        ranks =>
        {
            if (ranks.Rank == 3)
                Thread.Sleep(60_000);
            ranks.World.AllReduce(new float[3], ReduceOperation.Sum);
        },
        limitSeconds: 1);

    /// <summary>Every collective on every group; returns the results' bits.</summary>
    private static string Everything(RankContext ranks)
    {
        var results = new List<float[]>();
        foreach (ICommunicator group in new[] { ranks.World, ranks.Node, ranks.Global, ranks.World.Split(ranks.Rank % 3, "odd") })
        {
            foreach (int length in new[] { 0, 1, 1000, Large })
            {
                foreach (WireFormat wire in Enum.GetValues<WireFormat>())
                {
                    foreach (ReduceOperation operation in Enum.GetValues<ReduceOperation>())
                    {
                        float[] reduced = Values(ranks.Rank, length);
                        group.AllReduce(reduced, operation, wire);
                        results.Add(reduced);
                    }
                }

                for (int root = 0; root < group.Size; root++)
                {
                    float[] copied = Values(ranks.Rank, length);
                    group.Broadcast(copied, root);
                    results.Add(copied);
                }

                float[] gathered = new float[length * group.Size];
                group.AllGather(Values(ranks.Rank, length), gathered);
                results.Add(gathered);
                group.Barrier();
            }
        }

        using var hash = System.Security.Cryptography.IncrementalHash.CreateHash(System.Security.Cryptography.HashAlgorithmName.SHA256);
        foreach (float[] result in results)
            hash.AppendData(MemoryMarshal.AsBytes(result.AsSpan()));
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static float[] Values(int rank, int length)
    {
        var random = new Random(rank);
        return [.. Enumerable.Range(0, length).Select(_ => (random.NextSingle() - 0.5f) * 100)];
    }
}
