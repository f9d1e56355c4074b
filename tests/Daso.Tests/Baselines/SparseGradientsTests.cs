using Daso.Baselines;
using Daso.Tests.Cluster;

namespace Daso.Tests.Baselines;

public sealed class SparseGradientsTests
{
    [Fact]
    public void Top_k_sends_the_largest_of_each_parameter_and_keeps_the_rest()
    {
        // Parameters of 4 and 2 elements, half of each.
        float[][] gradients = [[4, 3, 2, 1, 0.1f, 0.2f], [-1, 0, -8, 2, 5, -4]];
        float[][] seen = Gradients(new SparseGradientsSpec { Density = 0.5 }, gradients, [[0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0]]);
        Assert.Equal([2, 1.5f, -4, 1, 2.5f, 0.1f], seen[0]);
        // What was kept: [2, 1] and [0.1] of rank 0, [−1, 0] and [−4] of rank 1.
        Assert.Equal([-0.5f, 0, 1, 0.5f, 0.05f, -2], seen[1]);
    }

    [Theory]
    [InlineData(SparseSelection.TopK)]
    [InlineData(SparseSelection.RandomK)]
    public void The_whole_gradient_is_DDPs_mean(SparseSelection selection)
    {
        float[][] gradients = [[4, 3, 2, 1, 0.1f, 0.2f], [-1, 0, -8, 2, 5, -4]];
        float[][] seen = Gradients(new SparseGradientsSpec { Density = 1, Selection = selection }, gradients);
        Assert.Equal(gradients[0].Zip(gradients[1], (a, b) => (a + b) / 2), seen[0]);
    }

    [Theory]
    [InlineData(SparseSelection.TopK)]
    [InlineData(SparseSelection.RandomK)]
    public void What_is_kept_comes_later(SparseSelection selection)
    {
        var spec = new SparseGradientsSpec { Density = 0.34, Selection = selection };
        float[][] given = [[1, 2, 3, 4, 5, 6], [6, 5, 4, 3, 2, 1]];
        float[][] nothing = [new float[6], new float[6]];
        float[][] seen = Gradients(spec, [given, .. Enumerable.Repeat(nothing, 40)]);
        for (int i = 0; i < 6; i++)
            Assert.Equal(3.5f, seen.Sum(step => step[i]), 1e-4f);
    }

    [Fact]
    public void Without_feedback_what_is_kept_is_lost()
    {
        var spec = new SparseGradientsSpec { Density = 0.1, KeepsRest = false };
        float[][] seen = Gradients(spec, [[4, 3, 2, 1, 2, 1], [4, 3, 2, 1, 2, 1]], [new float[6], new float[6]]);
        Assert.Equal([4, 0, 0, 0, 2, 0], seen[0]);
        Assert.Equal(new float[6], seen[1]);
    }

    [Fact]
    public void Random_k_takes_one_of_each_stretch()
    {
        float[][] ones = [[1, 1, 1, 1, 1, 1], [1, 1, 1, 1, 1, 1]];
        float[][] seen = Gradients(new SparseGradientsSpec { Density = 0.5, Selection = SparseSelection.RandomK, KeepsRest = false }, ones, ones, ones);
        foreach (float[] step in seen)
        {
            for (int stretch = 0; stretch < 3; stretch++)
                Assert.Equal(1, step[2 * stretch] + step[(2 * stretch) + 1]);
        }

        Assert.NotEqual(seen[0].Concat(seen[1]), seen[1].Concat(seen[2]));
    }

    /// <summary>The gradient that rank 0 trains with in each step; all ranks have the same.</summary>
    private static float[][] Gradients(SparseGradientsSpec spec, params float[][][] steps)
    {
        float[][][] seen = TestCluster.Collect(2, 1, ranks =>
        {
            using var run = new RivalRun(spec, ranks, (2, 2), (2, 1));
            var gradients = new List<float[]>();
            foreach (float[][] step in steps)
                run.Step(run => step[ranks.Rank].CopyTo(run.Gradients), run => gradients.Add(run.Gradients.ToArray()));
            return gradients.ToArray();
        });
        Assert.Equal(seen[0], seen[1]);
        return seen[0];
    }
}
