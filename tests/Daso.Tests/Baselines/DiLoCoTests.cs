using Daso.Baselines;
using Daso.Optimization;
using Daso.Tests.Cluster;

namespace Daso.Tests.Baselines;

public sealed class DiLoCoTests
{
    private static readonly SgdSpec s_plain = new(Momentum: 0, WeightDecay: 0);

    /// <summary>
    /// torchft's regression cases test_diloco_mocked_updates: two workers, two fragments of one number that starts as 1, each inner step
    /// subtracts 2, outer SGD with rate 2 and without momentum, H = 6. The two numbers after steps 3, 6, 9, 12 and 15.
    /// </summary>
    public static TheoryData<int, double, float[]> Golden => new()
    {
        { 0, 0, [-11, -5, -17, -23, -35, -29, -41, -47, -59, -53] },
        { 0, 0.5, [-8, -5, -14, -17, -24.5f, -23, -30.5f, -32, -40.25f, -38] },
        { 0, 1, [-5, -5, -11, -11, -17, -17, -23, -23, -29, -29] },
        { 1, 0, [-7, -5, -13, -19, -27, -25, -33, -39, -47, -45] },
        { 1, 1, [-5, -5, -11, -11, -17, -17, -23, -23, -29, -29] },
    };

    [Theory]
    [MemberData(nameof(Golden))]
    public void Fragments_delay_and_mixing_are_those_of_torchft(int delay, double mixing, float[] expected)
    {
        var spec = new DiLoCoSpec
        {
            Period = 6,
            Fragments = 2,
            Delay = delay,
            Mixing = mixing,
            Outer = s_plain,
            OuterLearningRate = 2,
        };
        float[][] seen = TestCluster.Collect(2, 1, ranks =>
        {
            using var run = new RivalRun(spec, ranks, (1, 1), (1, 1));
            var values = new List<float>();
            for (int step = 1; step <= 15; step++)
            {
                run.Step(optimizer: Subtract);
                if (step % 3 == 0)
                    values.AddRange(run.Parameters);
            }

            return values.ToArray();
        });
        Assert.Equal(expected, seen[0]);
        Assert.Equal(expected, seen[1]);
    }

    [Fact]
    public void Without_fragments_an_outer_rate_of_one_is_the_mean_of_the_workers()
    {
        var spec = new DiLoCoSpec { Period = 2, Outer = s_plain, OuterLearningRate = 1, NodeGradients = false };
        float[] seen = TestCluster.Collect(2, 2, ranks =>
        {
            using var run = new RivalRun(spec, ranks, (2, 2));
            for (int step = 0; step < 2; step++)
                run.Step(optimizer: run => run.Parameters[3] -= ranks.Rank);
            return run.Parameters[3];
        });
        Assert.All(seen, value => Assert.Equal(1 - (2 * 1.5f), value, 1e-6f));
    }

    [Fact]
    public void The_papers_outer_step_is_Nesterovs()
    {
        float[] seen = TestCluster.Collect(2, 1, ranks =>
        {
            using var run = new RivalRun(new DiLoCoSpec { Period = 1 }, ranks, (1, 1));
            for (int step = 0; step < 2; step++)
                run.Step(optimizer: run => run.Parameters[0] -= 1);
            return run.Parameters[0];
        });
        // Δ = 1: v = 1, x = 1 − 0.7·1.9; then v = 1.9, x −= 0.7·(1 + 0.9·1.9).
        Assert.All(seen, value => Assert.Equal(1 - (0.7 * 1.9) - (0.7 * (1 + (0.9 * 1.9))), value, 1e-5));
    }

    /// <summary>
    /// In outer step t, of one inner step, worker i's change is t·(i + 1). It takes its own at once and the other's one step later: worker 0
    /// goes down by 1/2, (2 + 2)/2, (3 + 4)/2, worker 1 by 2/2, (4 + 1)/2, (6 + 2)/2.
    /// </summary>
    [Fact]
    public void Eager_updates_take_the_own_change_at_once_and_the_others_later()
    {
        var spec = new EagerDiLoCoSpec { Period = 1, Outer = s_plain, OuterLearningRate = 1 };
        float[][] seen = TestCluster.Collect(2, 2, ranks =>
        {
            using var run = new RivalRun(spec, ranks, (1, 1));
            var values = new float[3];
            for (int step = 0; step < values.Length; step++)
            {
                run.Step(optimizer: run => run.Parameters[0] -= (run.Steps + 1) * (ranks.NodeIndex + 1));
                values[step] = 1 - run.Parameters[0];
            }

            return values;
        });
        Assert.Equal([0.5f, 2.5f, 6], seen[0]);
        Assert.Equal(seen[0], seen[1]);
        Assert.Equal([1, 3.5f, 7.5f], seen[2]);
        Assert.Equal(seen[2], seen[3]);
    }

    [Fact]
    public void Settings_that_do_not_go_are_told()
    {
        Assert.Contains("multiple", Message(new DiLoCoSpec { Period = 5, Fragments = 2 }));
        Assert.Contains("Delay 3", Message(new DiLoCoSpec { Period = 6, Fragments = 2, Delay = 3 }));

        static string Message(DiLoCoSpec spec) => Assert.Throws<UserErrorException>(spec.Validate).Message;
    }

    private static void Subtract(RivalRun run)
    {
        foreach (ref float value in run.Parameters)
            value -= 2;
    }
}
