using Daso.Baselines;
using Daso.Models;
using Daso.Strategies;
using Daso.Tests.Cluster;

namespace Daso.Tests.Strategies;

public sealed class PhasesSpecTests
{
    [Theory]
    [InlineData(0, new[] { 1f, 1f, 1f, 1f })]
    [InlineData(2, new[] { 0.5f, 0.5f, 1f, 1f })]
    [InlineData(9, new[] { 0.5f, 0.5f, 0.5f, 0.5f })]
    public void The_second_strategy_begins_after_the_steps_of_the_first(long steps, float[] expected)
    {
        // What rank 1 of two gets for its gradient 1 where rank 0 has 0: the mean from DDP, its own from none.
        float[] seen = TestCluster.Collect(2, 1, ranks =>
        {
            using Replica replica = TinyReplica.Create();
            using IStrategy strategy = TinyReplica.Strategy(
                new PhasesSpec(new DdpSpec(), steps, new NoCommunicationSpec()), ranks, replica);
            var gradients = new List<float>();
            for (int step = 0; step < 4; step++)
            {
                TinyReplica.Step(strategy, replica, 0, step, gradient: ranks.Rank, x => x);
                gradients.Add(replica.Gradients.Host.Span[0]);
            }

            return gradients.ToArray();
        })[1];
        Assert.Equal(expected, seen);
    }

    [Fact]
    public void A_wrong_setting_of_either_is_told()
    {
        Assert.Contains("Steps is -1", Assert.Throws<UserErrorException>(
            () => new PhasesSpec(new DdpSpec(), -1, new DdpSpec()).Validate()).Message);
        Assert.Contains("CycleMs", Assert.Throws<UserErrorException>(
            () => new PhasesSpec(new DdpSpec(), 1, new HorovodSpec { CycleMs = -1 }).Validate()).Message);
    }
}
