using Daso.Baselines;
using Daso.Tests.Cluster;

namespace Daso.Tests.Baselines;

public sealed class PowerSgdTests
{
    private const int Size = 8;

    [Fact]
    public void A_gradient_of_the_approximations_rank_is_exact()
    {
        float[] seen = Gradients(new PowerSgdSpec { StartSteps = 0 }, steps: 1, (rank, i, j) => (1 + rank) * (i + 1f) * (j - 3.5f))[0];
        for (int i = 0; i < Size * Size; i++)
            Assert.Equal(1.5 * ((i / Size) + 1) * ((i % Size) - 3.5), seen[i], 1e-3);
    }

    [Fact]
    public void What_the_approximation_drops_comes_later()
    {
        static float Gradient(int rank, int i, int j) => MathF.Sin((3 * i) + (5 * j) + rank) + (i == j ? 1 : 0);
        float[][] seen = Gradients(new PowerSgdSpec { StartSteps = 0 }, steps: 300, Gradient);
        for (int i = 0; i < Size * Size; i++)
        {
            double mean = (Gradient(0, i / Size, i % Size) + Gradient(1, i / Size, i % Size)) / 2;
            Assert.Equal(mean, seen.Average(step => step[i]), 0.05);
        }
    }

    [Fact]
    public void The_first_steps_and_small_matrices_are_averaged_whole()
    {
        static float Gradient(int rank, int i, int j) => MathF.Sin((3 * i) + (5 * j) + rank);
        float[] whole = Gradients(new PowerSgdSpec { StartSteps = 1 }, steps: 1, Gradient)[0];
        float[] small = Gradients(new PowerSgdSpec { StartSteps = 0, MinimumRate = 4 }, steps: 1, Gradient)[0];
        for (int i = 0; i < Size * Size; i++)
        {
            float mean = (Gradient(0, i / Size, i % Size) + Gradient(1, i / Size, i % Size)) / 2;
            Assert.Equal(mean, whole[i], 1e-6f);
            Assert.Equal(mean, small[i], 1e-6f);
        }
    }

    [Fact]
    public void A_higher_rank_comes_nearer()
    {
        static float Gradient(int rank, int i, int j) => MathF.Sin((3 * i) + (5 * j)) + (0.3f * MathF.Cos(i * j)) + (0 * rank);
        double Error(int r)
        {
            var spec = new PowerSgdSpec { StartSteps = 0, Rank = r, MinimumRate = 1e-9, KeepsRest = false };
            float[] last = Gradients(spec, steps: 20, Gradient)[^1];
            return Enumerable.Range(0, Size * Size).Sum(i => Math.Pow(last[i] - Gradient(0, i / Size, i % Size), 2));
        }

        double one = Error(1), three = Error(3), all = Error(Size);
        Assert.True(three < one && all < three, $"{one}, {three}, {all}");
        Assert.Equal(0, all, 1e-6);
    }

    private static float[][] Gradients(PowerSgdSpec spec, int steps, Func<int, int, int, float> gradient)
    {
        float[][][] seen = TestCluster.Collect(2, 1, ranks =>
        {
            using var run = new RivalRun(spec, ranks, (Size, Size));
            var gradients = new List<float[]>();
            for (int step = 0; step < steps; step++)
            {
                run.Step(
                    run =>
                    {
                        for (int i = 0; i < Size * Size; i++)
                            run.Gradients[i] = gradient(ranks.Rank, i / Size, i % Size);
                    },
                    run => gradients.Add(run.Gradients.ToArray()));
            }

            return gradients.ToArray();
        });
        Assert.Equal(seen[0], seen[1]);
        return seen[0];
    }
}
