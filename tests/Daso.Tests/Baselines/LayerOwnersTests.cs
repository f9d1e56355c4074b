using Daso.Baselines;
using Daso.Tests.Cluster;

namespace Daso.Tests.Baselines;

public sealed class LayerOwnersTests
{
    [Fact]
    public void All_get_each_layer_from_its_owner_after_the_period_and_before_an_evaluation()
    {
        float[][][] seen = TestCluster.Collect(2, 1, ranks =>
        {
            using var run = new RivalRun(new LayerOwnersSpec { Period = 2 }, ranks, (2, 2), (2, 1), (1, 1));
            var parameters = new List<float[]>();
            for (int step = 0; step < 3; step++)
            {
                run.Step(optimizer: one => one.Parameters.Fill((10 * step) + ranks.Rank));
                parameters.Add(run.Parameters.ToArray());
            }

            run.Strategy.EvaluationStarting();
            parameters.Add(run.Parameters.ToArray());
            return parameters.ToArray();
        });
        for (int rank = 0; rank < 2; rank++)
        {
            Assert.All(seen[rank][0], value => Assert.Equal(rank, value));
            Assert.Equal([10, 10, 10, 10, 11, 11, 10], seen[rank][1]);
            Assert.All(seen[rank][2], value => Assert.Equal(20 + rank, value));
            Assert.Equal([20, 20, 20, 20, 21, 21, 20], seen[rank][3]);
        }
    }
}
