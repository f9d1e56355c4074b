using CsCheck;
using Daso.Cluster;
using Daso.Communication;
using Daso.Tests.Cluster;

namespace Daso.Tests.Communication;

public sealed class TwoLevelCommunicatorTests
{
    /// <summary>Sums have the bits of the group's own in every format: both add the ranks of a node, then the nodes.</summary>
    [Theory]
    [InlineData(2, 2, null)]
    [InlineData(3, 2, "10gbit,10us")]
    [InlineData(2, 3, null)]
    public void A_sum_has_the_bits_of_the_groups_own(int nodes, int ranksPerNode, string? link) => Gen.Int[0, 2000].Sample(
        length => TestCluster.Run(nodes, ranksPerNode, ranks => SameSums(ranks, length), link), iter: 6, threads: 1);

    [Fact]
    public void Operations_go_on_beside_each_other_and_are_numbered_apart() => TestCluster.Run(
        2,
        2,
        ranks =>
        {
            using var levels = new TwoLevelCommunicator((Communicator)ranks.World, 2, isDefault: true);
            AllReduceWay way = levels.AllReduceWays.Single(one => one.Name == TwoLevelCommunicator.WayName);
            float[][] values = [.. Enumerable.Range(1, 5).Select(i => Enumerable.Repeat((float)(i * (ranks.Rank + 1)), 100 * i).ToArray())];
            PendingOperation[] pending = [.. values.Select(one => way.StartSum(one))];
            PendingOperation other = levels.StartBarrier();
            Assert.NotEqual(pending[0].Group, other.Group);
            Assert.Equal([0, 1, 2, 3, 4], pending.Select(one => one.Sequence));
            other.Wait();
            for (int i = values.Length - 1; i >= 0; i--)
            {
                pending[i].Wait();
                Assert.All(values[i], value => Assert.Equal(10 * (i + 1), value));
            }
        },
        "1gbit,50us");

    /// <summary>Every link carries what the group's own all-reduce sends: the pieces of all local ranks together.</summary>
    [Fact]
    public void The_bytes_between_nodes_are_those_of_one_exchange()
    {
        const int Elements = 1000;
        long[] bytes = TestCluster.Collect(2, 2, ranks =>
        {
            using var levels = new TwoLevelCommunicator((Communicator)ranks.World, 2, isDefault: true);
            return levels.AllReduceWays[^1].StartSum(new float[Elements]).Wait();
        });
        Assert.Equal(CollectiveCall.AllReduce(Elements, ReduceOperation.Sum, WireFormat.Float32).LinkCost(2).BytesPerNode, bytes[0] + bytes[1]);
    }

    /// <summary>Also run in processes under MPI.</summary>
    internal static void SameSums(RankContext ranks, int length)
    {
        // Not disposed of: the world goes with it.
        var levels = new TwoLevelCommunicator((Communicator)ranks.World, ranks.Topology.RanksPerNode, isDefault: true);
        var random = new Random(ranks.Rank);
        float[] given = [.. Enumerable.Range(0, length).Select(_ => (random.NextSingle() - 0.5f) * 100)];
        foreach (WireFormat wire in WireFormat.BuiltIn)
        {
            float[] expected = [.. given], sum = [.. given], mean = [.. given], ownMean = [.. given];
            ranks.World.AllReduce(expected, ReduceOperation.Sum, wire);
            levels.StartLevels(sum, ReduceOperation.Sum, wire).Wait();
            Assert.Equal(expected, sum);

            ranks.World.AllReduce(ownMean, ReduceOperation.Mean, wire);
            levels.StartLevels(mean, ReduceOperation.Mean, wire).Wait();
            float tolerance = wire == WireFormat.Float32 ? 1e-4f : 1;
            for (int i = 0; i < length; i++)
                Assert.Equal(ownMean[i], mean[i], tolerance);
        }
    }
}
