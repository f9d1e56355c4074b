using Daso.Baselines;
using Daso.Optimization;
using Daso.Tests.Cluster;

namespace Daso.Tests.Baselines;

public sealed class EditTests
{
    private static readonly EditSpec s_plain = new()
    {
        Period = 1,
        Temperature = null,
        SkipAnomalies = false,
        Outer = new SgdSpec(0, 0),
        OuterLearningRate = 1,
        NodeGradients = false,
    };

    /// <summary>atorch's local_sgd_gta_reducer_test: four workers with 1, −2, 3 and −4.</summary>
    [Theory]
    [InlineData(PseudoGradientReduction.Linear, -0.5f)]
    [InlineData(PseudoGradientReduction.ConsensusBySum, -3f)]
    [InlineData(PseudoGradientReduction.ConsensusByCount, 2f)]
    public void Reducers_are_those_of_atorch(PseudoGradientReduction reduction, float expected)
    {
        float[] values = [1, -2, 3, -4];
        float[] seen = TestCluster.Collect(2, 2, ranks =>
        {
            using var run = new RivalRun(s_plain with { Reduction = reduction }, ranks, (2, 1));
            run.Step(optimizer: run => run.Parameters.Fill(1 - values[ranks.Rank]));
            return run.Parameters[1];
        });
        Assert.All(seen, value => Assert.Equal(1 - expected, value, 1e-6f));
    }

    [Fact]
    public void Workers_weigh_less_the_larger_their_change_is()
    {
        float[] seen = TestCluster.Collect(2, 1, ranks =>
        {
            using var run = new RivalRun(s_plain with { Temperature = 2 }, ranks, (1, 1));
            run.Step(optimizer: run => run.Parameters[0] -= ranks.Rank == 0 ? 1 : 3);
            return run.Parameters[0];
        });
        double first = 1 / (1 + Math.Exp(-(3 - 1) / 2.0));
        Assert.All(seen, value => Assert.Equal(1 - (first + (3 * (1 - first))), value, 1e-5));
    }

    [Fact]
    public void A_worker_far_out_of_its_own_past_is_left_out()
    {
        const int Warmup = 12;
        float[] seen = TestCluster.Collect(2, 1, ranks =>
        {
            using var run = new RivalRun(s_plain with { Temperature = 1, SkipAnomalies = true, AnomalyWarmup = Warmup }, ranks, (1, 1));
            for (int step = 0; step < Warmup + 8; step++)
                run.Step(optimizer: run => run.Parameters[0] -= 1 + (0.1f * MathF.Sin(step + ranks.Rank)));
            float before = run.Parameters[0];
            run.Step(optimizer: run => run.Parameters[0] -= ranks.Rank == 0 ? 1 : 1000);
            return before - run.Parameters[0];
        });
        Assert.All(seen, value => Assert.Equal(1, value, 1e-4));
    }

    [Fact]
    public void A_parameter_of_which_nothing_is_left_stays_with_its_momentum()
    {
        float[] seen = TestCluster.Collect(2, 1, ranks =>
        {
            using var run = new RivalRun(s_plain with { Outer = new SgdSpec(0.9, 0) }, ranks, (1, 1), (1, 1));
            run.Step(optimizer: run => run.Parameters.Fill(0)); // Δ = 1, v = 1, x = 0
            run.Step(optimizer: run => run.Parameters[1] = -1); // the first has not moved: nothing happens there
            return run.Parameters.ToArray();
        })[0];
        Assert.Equal(0, seen[0], 1e-6f);
        Assert.Equal(-1.9, seen[1], 1e-5);
    }

    [Fact]
    public void A_norm_above_the_limit_is_scaled_down()
    {
        float[] seen = TestCluster.Collect(2, 1, ranks =>
        {
            using var run = new RivalRun(s_plain with { MaximumNorm = 2 }, ranks, (1, 1), (1, 1));
            run.Step(optimizer: run => run.Parameters.Fill(-29));
            return run.Parameters[0];
        });
        Assert.All(seen, value => Assert.Equal(1 - (2 / Math.Sqrt(2)), value, 1e-4));
    }

    /// <summary>By time a rank says in a step that time is up, and all synchronise in the next.</summary>
    [Fact]
    public void By_time_all_synchronise_one_step_after_it_is_up()
    {
        float[][] seen = TestCluster.Collect(2, 1, ranks =>
        {
            using var run = new RivalRun(s_plain with { Seconds = ranks.Rank == 0 ? 0 : 1e9 }, ranks, (1, 1));
            var values = new float[3];
            for (int step = 0; step < values.Length; step++)
            {
                run.Step(optimizer: run => run.Parameters[0] -= 1 + (2 * ranks.Rank));
                values[step] = run.Parameters[0];
            }

            return values;
        });
        Assert.Equal([0f, 1 - 4, 1 - 6], seen[0]);
        Assert.Equal([-2f, 1 - 4, 1 - 6], seen[1]);
    }
}
