using Daso.Baselines;
using Daso.Tests.Cluster;

namespace Daso.Tests.Baselines;

public sealed class SlowMoTests
{
    /// <summary>FairScale's own oracle: SGD with momentum, fed with the change of the average every τ steps.</summary>
    [Theory]
    [InlineData(0, 1)]
    [InlineData(0.5, 1)]
    [InlineData(0.6, 0.7)]
    public void Slow_momentum_is_SGD_on_the_differences(double momentum, double rate)
    {
        var spec = new SlowMoSpec { Period = 3, SlowMomentum = momentum, SlowLearningRate = rate, AveragingPeriod = 0 };
        float[][] seen = Train(spec, steps: 12);

        double old = 1, velocity = 0;
        double[] x = [1, 1];
        for (int step = 0; step < 12; step++)
        {
            for (int rank = 0; rank < 2; rank++)
                x[rank] += Update(rank, step);
            if ((step + 1) % 3 == 0)
            {
                velocity = (momentum * velocity) + (old - ((x[0] + x[1]) / 2));
                old -= rate * velocity;
                x = [old, old];
            }

            for (int rank = 0; rank < 2; rank++)
                Assert.Equal(x[rank], seen[rank][step], 1e-6);
        }
    }

    [Fact]
    public void A_learning_rate_that_changes_scales_the_old_momentum()
    {
        // u = (1 − x̄)/γ; with γ halved the same u moves half as far.
        var spec = new SlowMoSpec { Period = 1, SlowMomentum = 0.5, AveragingPeriod = 0 };
        float[] seen = TestCluster.Collect(1, 2, ranks =>
        {
            using var run = new RivalRun(spec, ranks, (1, 1));
            run.Step(optimizer: run => run.Parameters[0] -= 0.4f, learningRate: 0.1);
            float first = run.Parameters[0];
            run.Step(learningRate: 0.05);
            return (float[])[first, run.Parameters[0]];
        })[0];
        Assert.Equal(0.6, seen[0], 1e-6); // u = 4
        Assert.Equal(0.6 - (0.05 * 2), seen[1], 1e-6); // u = 2
    }

    [Fact]
    public void The_two_conventions_differ_by_a_step_and_torchdistx_averages_in_step_0()
    {
        float[][] fairScale = Train(new SlowMoSpec { Period = 4, AveragingPeriod = 0 }, 9);
        float[][] distX = Train(new SlowMoSpec { Period = 4, AveragingPeriod = 0, Steps = SlowMoSteps.TorchDistX }, 9);
        Assert.Equal([3, 7], Agreeing(fairScale));
        Assert.Equal([0, 4, 8], Agreeing(distX));
    }

    [Fact]
    public void Between_slow_updates_parameters_are_averaged()
    {
        Assert.Equal([2, 5, 6, 8], Agreeing(Train(new SlowMoSpec { Period = 7, AveragingPeriod = 3 }, 9)));
    }

    /// <summary>The steps after which the ranks hold the same.</summary>
    private static int[] Agreeing(float[][] ranks) => [.. Enumerable.Range(0, ranks[0].Length).Where(step => ranks[0][step] == ranks[1][step])];

    private static float Update(int rank, int step) => -0.1f * (1 + rank) * (1 + (0.3f * step));

    private static float[][] Train(SlowMoSpec spec, int steps) => TestCluster.Collect(2, 1, ranks =>
    {
        using var run = new RivalRun(spec, ranks, (1, 1));
        var seen = new float[steps];
        for (int step = 0; step < steps; step++)
        {
            run.Step(optimizer: run => run.Parameters[0] += Update(ranks.Rank, run.Steps));
            seen[step] = run.Parameters[0];
        }

        return seen;
    });
}
