using Daso.Baselines;
using Daso.Models;
using Daso.Optimization;
using Daso.Recording;
using Daso.Tests.Cluster;

namespace Daso.Tests.Baselines;

public sealed class DesLocTests
{
    /// <summary>Rank r adds r to the parameters and to both moments in every step; the mean of the ranks' numbers is 1.5.</summary>
    [Theory]
    [InlineData(0, 2)]
    [InlineData(1, 3)]
    [InlineData(2, 4)]
    public void Parameters_and_each_moment_are_averaged_at_their_own_periods(int buffer, int period)
    {
        var spec = new DesLocSpec { Period = 2, MomentumPeriod = 3, SquarePeriod = 4, NodeGradients = false };
        float[][] seen = TestCluster.Collect(2, 2, ranks =>
        {
            using var run = new RivalRun(spec, ranks, NullRecorder.Instance, new AdamWSpec(), (2, 1));
            run.Parameters.Clear();
            FlatTensor[] all = [run.Replica.Parameters, .. run.Optimizer.State.Select(one => one.Values)];
            var values = new float[7];
            for (int step = 0; step < values.Length; step++)
            {
                run.Step(optimizer: _ =>
                {
                    foreach (FlatTensor one in all)
                        one.Host.Span[1] += ranks.Rank;
                });
                values[step] = all[buffer].Host.Span[1];
            }

            return values;
        });
        for (int rank = 0; rank < 4; rank++)
        {
            for (int step = 1; step <= 7; step++)
            {
                int averaged = step / period * period;
                Assert.Equal((1.5f * averaged) + (rank * (step - averaged)), seen[rank][step - 1]);
            }
        }
    }
}
