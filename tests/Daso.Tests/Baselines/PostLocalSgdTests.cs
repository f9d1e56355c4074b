using Daso.Baselines;
using Daso.Strategies;
using Daso.Tests.Cluster;

namespace Daso.Tests.Baselines;

public sealed class PostLocalSgdTests
{
    /// <summary>PyTorch's test_3_level_hierarchical_model_averager: four ranks whose parameter is their rank before each step's average.</summary>
    [Fact]
    public void Of_the_periods_that_divide_a_step_the_largest_counts()
    {
        var spec = new HierarchicalAveragingSpec { WarmupSteps = 10, Levels = new([new(2, 2), new(4, 4), new(8, AveragingLevel.All)]) };
        float[][] seen = Averages(spec, 25);
        for (int step = 0; step < 25; step++)
        {
            float[] expected = step switch
            {
                10 or 14 or 18 or 22 => [0.5f, 0.5f, 2.5f, 2.5f],
                12 or 16 or 20 or 24 => [1.5f, 1.5f, 1.5f, 1.5f],
                _ => [0, 1, 2, 3],
            };
            Assert.Equal(expected, seen.Select(rank => rank[step]));
        }
    }

    /// <summary>PyTorch's test_periodic_model_averager.</summary>
    [Theory]
    [InlineData(12)]
    [InlineData(13)]
    [InlineData(14)]
    [InlineData(15)]
    public void The_period_counts_from_the_end_of_the_start(int warmup)
    {
        float[][] seen = Averages(new PostLocalSgdSpec { WarmupSteps = warmup, Period = 4 }, 20);
        for (int step = 0; step < 20; step++)
        {
            bool averages = step >= warmup && (step - warmup) % 4 == 0;
            Assert.Equal(averages ? [1.5f, 1.5f, 1.5f, 1.5f] : [0, 1, 2, 3], seen.Select(rank => rank[step]));
        }
    }

    [Theory]
    [InlineData(true, new[] { 1.5f, 0.5f, 0.5f })]
    [InlineData(false, new[] { 1.5f, 0f, 0f })]
    public void Gradients_are_averaged_over_all_ranks_first_and_then_in_the_node(bool nodeGradients, float[] expected)
    {
        var spec = new PostLocalSgdSpec { WarmupSteps = 1, NodeGradients = nodeGradients };
        float[] ofRank0 = TestCluster.Collect(2, 2, ranks =>
        {
            using var run = new RivalRun(spec, ranks, (2, 2));
            var gradients = new List<float>();
            for (int step = 0; step < 3; step++)
                run.Step(run => run.Gradients.Fill(ranks.Rank), run => gradients.Add(run.Gradients[0]));
            return gradients.ToArray();
        })[0];
        Assert.Equal(expected, ofRank0);
    }

    [Fact]
    public void Levels_are_written_and_read_as_text()
    {
        var levels = AveragingLevels.Parse("2:2, 4:node, 8:all", null);
        Assert.Equal(new AveragingLevels([new(2, 2), new(4, AveragingLevel.Node), new(8, AveragingLevel.All)]), levels);
        Assert.Equal("2:2, 4:node, 8:all", levels.ToString());
        Assert.False(AveragingLevels.TryParse("2", null, out _));
        Assert.Throws<UserErrorException>(() => AveragingLevels.Parse("4:all, 2:all", null));
        Assert.Throws<UserErrorException>(() => AveragingLevels.Parse("4:2", null));
    }

    /// <summary>What every rank's parameter is after each step; before it is the rank.</summary>
    private static float[][] Averages(StrategySpec spec, int steps) => TestCluster.Collect(2, 2, ranks =>
    {
        using var run = new RivalRun(spec, ranks, (1, 1));
        var seen = new float[steps];
        for (int step = 0; step < steps; step++)
        {
            run.Step(optimizer: run => run.Parameters[0] = ranks.Rank);
            seen[step] = run.Parameters[0];
        }

        return seen;
    });
}
