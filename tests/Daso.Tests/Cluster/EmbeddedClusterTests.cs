using System.Diagnostics;
using Daso.Cluster;
using Daso.Communication;
using Daso.Models;
using static TorchSharp.torch;

namespace Daso.Tests.Cluster;

public class EmbeddedClusterTests
{
    [Fact]
    public void A_rank_holds_its_world_its_node_and_its_global_group()
    {
        string[] seen = TestCluster.Collect(3, 2, ranks =>
        {
            float[] world = Gathered(ranks.World, ranks.Rank), node = Gathered(ranks.Node, ranks.Rank), global = Gathered(ranks.Global, ranks.Rank);
            return $"{string.Concat(world)} {string.Concat(node)} {string.Concat(global)}";
        });
        Assert.Equal(["012345 01 024", "012345 01 135", "012345 23 024", "012345 23 135", "012345 45 024", "012345 45 135"], seen);
    }

    [Fact]
    public void A_rank_that_throws_ends_all_ranks_with_its_number_and_message()
    {
        long start = Stopwatch.GetTimestamp();
        ClusterFailedException failure = Assert.Throws<ClusterFailedException>(() => TestCluster.Run(2, 2, ranks =>
        {
            if (ranks.Rank == 2)
                throw new InvalidOperationException("the disk is full");
            ranks.World.Barrier();
        }));
        Assert.Equal("rank 2 failed: the disk is full", failure.Message);
        Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(5));
    }

    [Fact]
    public void A_rank_that_throws_may_free_its_memory_while_others_communicate()
    {
        // Freed memory that is still written to ends the process: many tries, each with operations under way at the throw.
        for (int attempt = 0; attempt < 20; attempt++)
        {
            Assert.Throws<ClusterFailedException>(() => TestCluster.Run(
                2,
                2,
                ranks =>
                {
                    using var values = new FlatTensor(3_000_000, CPU);
                    ranks.World.StartAllReduce(values.Host, ReduceOperation.Mean);
                    PendingOperation last = ranks.World.StartAllReduce(values.Host, ReduceOperation.Mean);
                    if (ranks.Rank == 1)
                        throw new InvalidOperationException("lost");
                    last.Wait();
                },
                "10gbit,10us"));
        }
    }

    [Fact]
    public void A_mistake_of_the_user_comes_through_as_it_is() =>
        Assert.Throws<UserErrorException>(() => TestCluster.Run(1, 2, ranks =>
        {
            if (ranks.Rank == 0)
                throw new UserErrorException("--data x: no such folder");
            ranks.World.Barrier();
        }));

    [Fact]
    public void Cancelling_ends_ranks_that_wait()
    {
        using var source = new CancellationTokenSource();
        var cluster = new EmbeddedCluster(new Topology(1, 2), null, _ => CPU, TimeSpan.FromSeconds(60));
        Assert.ThrowsAny<OperationCanceledException>(() => cluster.Run(
            ranks =>
            {
                if (ranks.Rank == 0)
                    ranks.World.Barrier();
                else
                    source.Cancel();
            },
            source.Token));
    }

    [Fact]
    public void A_wait_that_lasts_too_long_names_the_operation_and_who_is_missing()
    {
        ClusterFailedException failure = Assert.Throws<ClusterFailedException>(() => TestCluster.Run(
            1,
            2,
            ranks =>
            {
                if (ranks.Rank == 0)
                    ranks.World.AllReduce(new float[3], ReduceOperation.Sum);
                else
                    ranks.Cancelled.WaitHandle.WaitOne();
            },
            limitSeconds: 0.1));
        Assert.Contains("all-reduce (Sum, Float32) of 3 elements on world", failure.Message);
        Assert.Contains("missing: rank 1", failure.Message);
    }

    [Fact]
    public void Ranks_that_start_different_operations_are_told() =>
        Assert.Contains("disagree", Assert.Throws<ClusterFailedException>(() => TestCluster.Run(1, 2, ranks =>
            ranks.World.AllReduce(new float[ranks.Rank + 1], ReduceOperation.Sum))).Message);

    [Theory]
    [InlineData(0, 1, "--nodes 0")]
    [InlineData(2, 0, "--ranks-per-node 0")]
    [InlineData(100_000, 100_000, "more than")]
    public void An_impossible_topology_is_refused(int nodes, int ranksPerNode, string message) =>
        Assert.Contains(message, Assert.Throws<UserErrorException>(() => new Topology(nodes, ranksPerNode)).Message);

    private static float[] Gathered(ICommunicator group, int value) => group.Gather((float)value);
}
