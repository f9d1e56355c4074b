using Daso.Baselines;
using Daso.Tests.Cluster;

namespace Daso.Tests.Baselines;

public sealed class AbTrainingTests
{
    [Fact]
    public void One_half_changes_one_factor_the_other_the_other_and_then_all_are_averaged()
    {
        var spec = new AbTrainingSpec { WarmupSteps = 1, FactorSteps = 2, WholeSteps = 1, Cutoff = 0.5 };
        (float[][] gradients, float[][] parameters)[] seen = TestCluster.Collect(2, 1, ranks =>
        {
            using var run = new RivalRun(spec, ranks, (2, 2));
            var gradients = new List<float[]>();
            var parameters = new List<float[]>();
            for (int step = 0; step < 4; step++)
            {
                run.Step(
                    one => new float[] { 1, 2, 3, 4 }.Select(value => value + ranks.Rank).ToArray().CopyTo(one.Gradients),
                    one =>
                    {
                        gradients.Add(one.Gradients.ToArray());
                        parameters.Add(one.Parameters.ToArray());
                        if (step == 0)
                            new float[] { 4, 0, 0, 1 }.CopyTo(one.Parameters);
                        else
                            one.Parameters[0] += ranks.Rank;
                    });
                parameters[^1] = [.. parameters[^1], .. run.Parameters.ToArray()];
            }

            return (gradients.ToArray(), parameters.ToArray());
        });
        for (int rank = 0; rank < 2; rank++)
        {
            // Whole gradients at first and after the average.
            AssertNear([1.5f, 2.5f, 3.5f, 4.5f], seen[rank].gradients[0]);
            AssertNear([1.5f, 2.5f, 3.5f, 4.5f], seen[rank].gradients[3]);
            // Of diag(4, 1) only 4 is left: U and V are the first axis.
            AssertNear([4, 0, 0, 0], seen[rank].parameters[1][..4]);
        }

        AssertNear([1, 0, 3, 0], seen[0].gradients[1]);
        AssertNear([2, 3, 0, 0], seen[1].gradients[1]);
        AssertNear([4, 0, 0, 0], seen[0].parameters[1][4..]);
        AssertNear([5, 0, 0, 0], seen[1].parameters[1][4..]);
        // 4 and 6 after the second step with factors.
        AssertNear([5, 0, 0, 0], seen[0].parameters[2][4..]);
        AssertNear([5, 0, 0, 0], seen[1].parameters[2][4..]);
    }

    [Fact]
    public void Phases_follow_each_other()
    {
        var spec = new AbTrainingSpec { WarmupSteps = 2, FactorSteps = 3, WholeSteps = 1 };
        Assert.Equal([null, null, 0, 1, 2, null, 0, 1, 2, null], Enumerable.Range(0, 10).Select(step => spec.PlaceInFactors(step)));
    }

    private static void AssertNear(float[] expected, float[] actual) =>
        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, 1e-5f));
}
