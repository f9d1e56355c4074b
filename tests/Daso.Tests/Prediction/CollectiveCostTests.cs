using Daso.Communication;
using Daso.Prediction;

namespace Daso.Tests.Prediction;

public class CollectiveCostTests
{
    private const double Bytes = 25.56e6 * 4;

    /// <summary>The bandwidth-only prediction of ResNet-50's exchange on JUWELS Booster, milliseconds, to one decimal.</summary>
    [Theory]
    [InlineData(4, 6.3, 4.2, 3.1, 1.6, 3.2)]
    [InlineData(8, 7.3, 6.3, 3.7, 1.8, 3.5)]
    [InlineData(16, 7.9, 8.4, 3.9, 1.9, 3.7)]
    [InlineData(32, 8.2, 10.4, 4.1, 2.0, 3.8)]
    [InlineData(64, 8.5, 12.5, 4.1, 2.1, 4.0)]
    public void ExchangesOnJuwelsBooster(
        int nodes, double ring, double recursiveDoubling, double rabenseifner, double hierarchicalHalf, double hierarchical)
    {
        SystemSpec system = Clusters.Juwels(nodes);
        GroupShape global = GroupShape.Global(system);
        GroupShape world = GroupShape.World(system);

        Assert.Equal(ring, Ms(CollectiveAlgorithm.Ring, Bytes, global, system), 0.06);
        Assert.Equal(recursiveDoubling, Ms(CollectiveAlgorithm.RecursiveDoubling, Bytes / 2, global, system), 0.06);
        Assert.Equal(rabenseifner, Ms(CollectiveAlgorithm.Rabenseifner, Bytes / 2, global, system), 0.06);
        Assert.Equal(hierarchicalHalf, Ms(CollectiveAlgorithm.Hierarchical, Bytes / 2, world, system), 0.11);
        Assert.Equal(hierarchical, Ms(CollectiveAlgorithm.Hierarchical, Bytes, world, system), 0.06);
    }

    [Fact]
    public void ADuplexFactorSlowsExchangesBetweenNodesByItsInverse()
    {
        SystemSpec full = Clusters.Juwels(8);
        CollectiveTime fast = CollectiveCost.AllReduce(CollectiveAlgorithm.Ring, Bytes, GroupShape.Global(full), full);
        CollectiveTime slow = CollectiveCost.AllReduce(
            CollectiveAlgorithm.Ring, Bytes, GroupShape.Global(full), full with { DuplexFactor = 1 / 1.36 });

        Assert.Equal(fast.InterNs * 1.36, slow.InterNs, 1e-3);
        Assert.Equal(fast.LatencyNs, slow.LatencyNs);
    }

    [Fact]
    public void WhatIsNoPowerOfTwoSendsTwoMessagesMore()
    {
        SystemSpec eight = Clusters.Juwels(8) with { RanksPerNode = 1 };
        SystemSpec nine = eight with { Nodes = 9 };

        Assert.Equal(
            Ms(CollectiveAlgorithm.RecursiveDoubling, Bytes, GroupShape.Global(eight), eight) * 5 / 3,
            Ms(CollectiveAlgorithm.RecursiveDoubling, Bytes, GroupShape.Global(nine), nine),
            1e-6);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(6)]
    public void TheBoundIsWhatTheEmulatedLinkCharges(int nodes)
    {
        var system = new SystemSpec
        {
            Name = "emulated",
            Nodes = nodes,
            RanksPerNode = 2,
            IntraNode = new LinkModel(0, 1e15),
            InterNode = new LinkModel(50_000, 125e6),
            IsInProcess = true,
        };
        var link = new LinkSpec(1e9, 50_000);
        (long bytes, int rounds) = CollectiveCall.AllReduce(1_000_000, ReduceOperation.Sum, WireFormat.Float32)
            .LinkCost(nodes);

        CollectiveTime time = CollectiveCost.AllReduce(
            CollectiveAlgorithm.Bound, 1_000_000, WireFormat.Float32, GroupShape.World(system), system);

        Assert.Equal(1, time.InterNs / link.TransferNs(bytes), 1e-6);
        Assert.Equal(rounds * link.LatencyNs, time.LatencyNs);
    }

    [Fact]
    public void NoAllReduceBetweenNodesIsFasterThanTheBound()
    {
        foreach (int nodes in new[] { 2, 3, 4, 5, 8, 64 })
        {
            SystemSpec system = Clusters.Juwels(nodes) with { CardsPerNode = 1, InterNode = new LinkModel(0, 24.5e9) };
            foreach (GroupShape group in new[] { GroupShape.Global(system), GroupShape.World(system) })
            {
                double bound = CollectiveCost.AllReduce(CollectiveAlgorithm.Bound, Bytes, group, system).InterNs;
                Assert.All(Enum.GetValues<CollectiveAlgorithm>(), algorithm => Assert.True(
                    CollectiveCost.AllReduce(algorithm, Bytes, group, system).InterNs >= bound * (1 - 1e-12), $"{algorithm}, {group}"));
            }
        }
    }

    [Theory]
    [InlineData(4, 1.02938, 0.0195)]
    [InlineData(8, 1.42360, 0.01)]
    [InlineData(16, 1.76599, 0.01)]
    [InlineData(100, 2.50759, 0.01)]
    [InlineData(1000, 3.24144, 0.01)]
    public void TheSlowestOfSeveralIsLateAsOrderStatisticsSay(int ranks, double exact, double tolerance)
    {
        Assert.Equal(1, Straggler.Expected(ranks) / exact, tolerance);
        Assert.True(Straggler.Bound(ranks) >= exact);
    }

    private static double Ms(CollectiveAlgorithm algorithm, double bytes, GroupShape group, SystemSpec system) =>
        CollectiveCost.AllReduce(algorithm, bytes, group, system).TotalNs / 1e6;
}
