using Daso.Baselines;
using Daso.Strategies;
using Daso.Tests.Cluster;

namespace Daso.Tests.Baselines;

/// <summary>LASGD, Ravnest's rings, LSGD.</summary>
public sealed class AsynchronousAveragingTests
{
    /// <summary>Rank r goes up by r in every step. What it has done since the start of an all-reduce is added to the mean.</summary>
    [Theory]
    [InlineData(2, 0, new[] { 0, 2, 2, 4, 4, 6.0 })]
    [InlineData(2, 1, new[] { 0, 0, 2, 2, 4, 4.0 })]
    [InlineData(3, 3, new[] { 0, 0, 0, 0, 0, 3.0 })]
    public void What_a_worker_does_while_an_all_reduce_is_under_way_is_kept(int period, int delay, double[] averaged)
    {
        float[][] seen = TestCluster.Collect(2, 2, ranks =>
        {
            using var run = new RivalRun(new LasgdSpec { Period = period, Delay = delay, NodeGradients = false }, ranks, (2, 1));
            run.Parameters.Clear();
            var values = new float[averaged.Length];
            for (int step = 0; step < values.Length; step++)
            {
                run.Step(optimizer: run => run.Parameters[1] += ranks.Rank);
                values[step] = run.Parameters[1];
            }

            return values;
        });
        for (int rank = 0; rank < 4; rank++)
        {
            for (int step = 1; step <= averaged.Length; step++)
                Assert.Equal((1.5 * averaged[step - 1]) + (rank * (step - averaged[step - 1])), seen[rank][step - 1], 1e-5);
        }
    }

    [Fact]
    public void Rings_of_all_ranges_average_the_nodes_parameters_and_moments()
    {
        float[][] seen = TestCluster.Collect(3, 2, ranks =>
        {
            using var run = new RivalRun(new RingAveragingSpec { Period = 2, AveragesOptimizer = true }, ranks, (5, 1));
            for (int step = 0; step < 2; step++)
            {
                run.Step(optimizer: run =>
                {
                    for (int i = 0; i < 5; i++)
                    {
                        run.Parameters[i] += i * ranks.NodeIndex;
                        run.Optimizer.State[0].Values.Host.Span[i] -= i * ranks.NodeIndex;
                    }
                });
            }

            float[] all = [.. run.Parameters, .. run.Optimizer.State[0].Values.Host.Span];
            return all;
        });
        Assert.All(seen, rank => Assert.Equal([1, 3, 5, 7, 9, 0, -2, -4, -6, -8], rank));
    }

    [Theory]
    [InlineData(1, 3)]
    [InlineData(3, 2)]
    [InlineData(3, 1)]
    public void Layered_sgd_is_the_mean_of_all_gradients(int nodes, int ranksPerNode)
    {
        StrategySpec spec = new LsgdSpec();
        float[] seen = TestCluster.Collect(nodes, ranksPerNode, ranks =>
        {
            using var run = new RivalRun(spec, ranks, (2, 2), (2, 1));
            run.Step(backward: run => run.Gradients.Fill(ranks.Rank));
            return run.Gradients[5];
        });
        Assert.All(seen, value => Assert.Equal(((nodes * ranksPerNode) - 1) / 2f, value, 1e-6f));
    }

    [Fact]
    public void An_all_reduce_that_would_outlast_the_next_is_told() => Assert.Contains(
        "Delay 5", Assert.Throws<UserErrorException>(new LasgdSpec { Period = 4, Delay = 5 }.Validate).Message);
}
