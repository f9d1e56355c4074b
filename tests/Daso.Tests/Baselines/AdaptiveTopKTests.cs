using Daso.Baselines;
using Daso.Tests.Cluster;

namespace Daso.Tests.Baselines;

public sealed class AdaptiveTopKTests
{
    [Fact]
    public void A_node_sends_the_largest_of_its_mean_and_keeps_the_rest()
    {
        // Means of the nodes: [5, 1, −1, 0.5] and [2, 0, −8, 3]; with a quarter each sends one element.
        float[][] gradients = [[4, 1, 0, 1], [6, 1, -2, 0], [2, 0, -8, 2], [2, 0, -8, 4]];
        float[][] seen = Run(new AdaptiveTopKSpec { Density = 0.25 }, gradients, new float[4][]);
        Assert.Equal([2.5f, 0, -4, 0], seen[0]);
        // Left: 1, −1 and 0.5, of which the first of equal magnitude; 2 and 3.
        Assert.Equal(1.5f, seen[1][3]);
        Assert.Equal(0.5f, seen[1].Take(3).Max(MathF.Abs));
    }

    [Fact]
    public void In_the_node_the_share_is_as_much_larger_as_its_links_are_faster()
    {
        // Half in the node: of rank 0 elements 0 and 1, of rank 1 elements 0 and 3, and so on; between nodes a quarter.
        float[][] gradients = [[8, 4, 1, 2], [8, 1, 2, 4], [0, 0, 6, 8], [0, 2, 2, 8]];
        float[][] seen = Run(new AdaptiveTopKSpec { Density = 0.25, LinkRatio = 2 }, gradients);
        Assert.Equal([4, 0, 0, 4], seen[0]);
    }

    /// <summary>The gradient of every step, the same on all ranks; null: zeros.</summary>
    private static float[][] Run(AdaptiveTopKSpec spec, params float[][][] steps)
    {
        float[][][] seen = TestCluster.Collect(2, 2, ranks =>
        {
            using var run = new RivalRun(spec, ranks, (2, 2));
            var gradients = new List<float[]>();
            foreach (float[][] step in steps)
                run.Step(one => (step[ranks.Rank] ?? new float[4]).CopyTo(one.Gradients), one => gradients.Add(one.Gradients.ToArray()));
            return gradients.ToArray();
        });
        Assert.All(seen, one => Assert.Equal(seen[0], one));
        return seen[0];
    }
}
