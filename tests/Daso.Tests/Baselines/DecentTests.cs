using Daso.Baselines;
using Daso.Tests.Cluster;

namespace Daso.Tests.Baselines;

public sealed class DecentTests
{
    public static TheoryData<DecentTopology, int, int, int[][]> Topologies => new()
    {
        { DecentTopology.Complete, 2, 2, [[0, 0, 0, 0]] },
        { DecentTopology.Ring, 3, 2, [[0, 0, 2, 2, 4, 4], [0, 1, 1, 3, 3, 0]] },
        { DecentTopology.OnePeerExponential, 4, 2, [[0, 0, 2, 2, 4, 4, 6, 6], [0, 1, 0, 1, 4, 5, 4, 5], [0, 1, 2, 3, 0, 1, 2, 3]] },
        {
            DecentTopology.AlternatingExponentialRing, 4, 2,
            [[0, 0, 2, 2, 4, 4, 4, 4], [0, 0, 0, 0, 4, 4, 6, 6], [0, 0, 2, 2, 4, 4, 2, 2], [0, 0, 2, 2, 0, 0, 6, 6]]
        },
    };

    /// <summary>Groups of Decent-DP's topo.py, each by its first rank.</summary>
    [Theory]
    [MemberData(nameof(Topologies))]
    public void Groups_are_those_of_Decent_DP(DecentTopology topology, int nodes, int ranksPerNode, int[][] expected) =>
        Assert.Equal(expected, DecentGroups.Of(topology, nodes, ranksPerNode));

    [Theory]
    [InlineData(DecentTopology.Ring, 3, 1)]
    [InlineData(DecentTopology.OnePeerExponential, 3, 2)]
    [InlineData(DecentTopology.AlternatingExponentialRing, 3, 2)]
    [InlineData(DecentTopology.AlternatingExponentialRing, 1, 2)]
    public void A_number_of_ranks_that_does_not_go_is_told(DecentTopology topology, int nodes, int ranksPerNode) =>
        Assert.Contains($"{nodes * ranksPerNode} ranks on {nodes} nodes", Assert.Throws<UserErrorException>(
            () => DecentGroups.Of(topology, nodes, ranksPerNode)).Message);

    /// <summary>x := (1 − a)·x + a·mean of the group's x after the last update, then the update; rank r subtracts r in every step.</summary>
    [Theory]
    [InlineData(DecentTopology.Complete, 1)]
    [InlineData(DecentTopology.OnePeerExponential, 1)]
    [InlineData(DecentTopology.Ring, 0.25)]
    public void An_average_is_mixed_in_one_step_late(DecentTopology topology, double share)
    {
        const int Ranks = 4, Steps = 6;
        IReadOnlyList<int[]> groups = DecentGroups.Of(topology, 2, 2);
        double[] x = [1, 1, 1, 1];
        var expected = new double[Ranks, Steps];
        for (int step = 0; step < Steps; step++)
        {
            double[] before = [.. x];
            for (int rank = 0; rank < Ranks; rank++)
            {
                int[] group = groups[(step + groups.Count - 1) % groups.Count];
                double mean = Enumerable.Range(0, Ranks).Where(other => group[other] == group[rank]).Average(other => before[other]);
                x[rank] = (step == 0 ? before[rank] : ((1 - share) * before[rank]) + (share * mean)) - rank;
                expected[rank, step] = x[rank];
            }
        }

        float[][] seen = TestCluster.Collect(2, 2, ranks =>
        {
            using var run = new RivalRun(new DecentSpec { Topology = topology, AveragedShare = share, BucketBytes = 8 }, ranks, (5, 1));
            var values = new float[Steps];
            for (int step = 0; step < Steps; step++)
            {
                run.Step(optimizer: run => run.Parameters[4] -= ranks.Rank);
                values[step] = run.Parameters[4];
            }

            return values;
        });
        for (int rank = 0; rank < Ranks; rank++)
        {
            for (int step = 0; step < Steps; step++)
                Assert.Equal(expected[rank, step], seen[rank][step], 1e-5);
        }
    }
}
