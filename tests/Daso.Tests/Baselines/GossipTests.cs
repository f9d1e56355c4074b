using Daso.Baselines;
using Daso.Tests.Cluster;

namespace Daso.Tests.Baselines;

public sealed class GossipTests
{
    [Fact]
    public void On_a_ring_each_takes_a_third_of_both_neighbours()
    {
        // After the first step a member is 1 + its number; the second step mixes that and subtracts 1.
        float[][] seen = Train(GossipTopology.Ring, nodes: 4, steps: 2);
        for (int member = 0; member < 4; member++)
        {
            float Before(int other) => 1 + ((other + 4) % 4);
            Assert.Equal(((Before(member - 1) + Before(member) + Before(member + 1)) / 3) - 1, seen[member][1], 1e-5f);
        }
    }

    [Fact]
    public void On_the_exponential_graph_each_takes_half_of_the_one_that_gives_to_it()
    {
        // Step 0 gives one further on, step 1 two, step 2 one again.
        float[][] seen = Train(GossipTopology.OnePeerExponential, nodes: 4, steps: 3);
        for (int member = 0; member < 4; member++)
        {
            float First(int other) => 1 + ((other + 4) % 4);
            float Second(int other) => ((First(other) + First(other - 2)) / 2) - 1;
            Assert.Equal(Second(member), seen[member][1], 1e-5f);
            Assert.Equal(((Second(member) + Second(member - 1)) / 2) - 1, seen[member][2], 1e-5f);
        }
    }

    [Theory]
    [InlineData(GossipTopology.Ring, 2)]
    [InlineData(GossipTopology.Ring, 3)]
    [InlineData(GossipTopology.OnePeerExponential, 2)]
    [InlineData(GossipTopology.OnePeerExponential, 3)]
    [InlineData(GossipTopology.RandomPairs, 2)]
    [InlineData(GossipTopology.RandomPairs, 3)]
    public void Mixing_keeps_the_mean_and_brings_all_to_it(GossipTopology topology, int nodes)
    {
        float[] seen = TestCluster.Collect(nodes, 2, ranks =>
        {
            using var run = new RivalRun(new GossipSpec { Topology = topology }, ranks, (3, 1));
            run.Step(optimizer: run => run.Parameters.Fill(ranks.NodeIndex));
            for (int step = 0; step < 40; step++)
                run.Step();
            return run.Parameters[2];
        });
        Assert.All(seen, value => Assert.Equal((nodes - 1) / 2f, value, 1e-3f));
    }

    [Fact]
    public void Random_pairs_are_pairs_and_differ_from_step_to_step()
    {
        const int Members = 5;
        var order = new int[Members];
        int?[][] partners = [.. Enumerable.Range(0, 20).Select(step => Enumerable.Range(0, Members)
            .Select(member => Gossip.Partner(seed: 3, step, member, order)).ToArray())];
        Assert.All(partners, step =>
        {
            Assert.Single(step, partner => partner is null);
            Assert.All(Enumerable.Range(0, Members), member => Assert.True(step[member] is not int partner || step[partner] == member));
        });
        Assert.Equal(Members - 1, partners.Select(step => step[0]).OfType<int>().Distinct().Count());
    }

    /// <summary>
    /// Push-sum by its own numbers: x and v of every member, and what is on its way, in double. Members are 4; message t goes 1, 2, 1, … on.
    /// </summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Overlapped_push_sum_is_push_sum_with_its_weights(int delay)
    {
        const int Members = 4, Steps = 11;
        static double Update(int step, int member) => Math.Sin((3 * step) + member);
        double[] x = [1, 1, 1, 1], v = [1, 1, 1, 1];
        (double X, double V)[]? onItsWay = null;
        var expected = new double[Members, Steps];
        for (int step = 0, message = 0; step < Steps; step++)
        {
            for (int i = 0; i < Members; i++)
                x[i] += Update(step, i);
            if ((step + 1) % delay == 0)
            {
                for (int i = 0; i < Members && onItsWay is not null; i++)
                    (x[i], v[i]) = (x[i] + onItsWay[i].X, v[i] + onItsWay[i].V);
                int distance = 1 << (message++ % 2);
                var sent = new (double, double)[Members];
                for (int i = 0; i < Members; i++)
                    sent[(i + distance) % Members] = (x[i] / 2, v[i] / 2);
                for (int i = 0; i < Members; i++)
                    (x[i], v[i]) = (x[i] / 2, v[i] / 2);
                onItsWay = sent;
            }

            for (int i = 0; i < Members; i++)
                expected[i, step] = x[i] / v[i];
        }

        float[][] seen = TestCluster.Collect(Members, 2, ranks =>
        {
            using var run = new RivalRun(new OverlapSgpSpec { Delay = delay }, ranks, (3, 1));
            var values = new float[Steps];
            for (int step = 0; step < Steps; step++)
            {
                run.Step(optimizer: run =>
                {
                    foreach (ref float value in run.Parameters)
                        value += (float)Update(run.Steps, ranks.NodeIndex);
                });
                values[step] = run.Parameters[2];
                Assert.All(run.Parameters.ToArray(), value => Assert.Equal(values[step], value));
            }

            return values;
        });
        for (int rank = 0; rank < 2 * Members; rank++)
        {
            for (int step = 0; step < Steps; step++)
                Assert.Equal(expected[rank / 2, step], seen[rank][step], 1e-5);
        }
    }

    [Fact]
    public void One_member_trains_alone() => Assert.Equal(1, Train(GossipTopology.Ring, nodes: 1, steps: 1)[0][0]);

    /// <summary>In step 0 the optimizer makes member m's parameters 1 + m; later it subtracts 1.</summary>
    private static float[][] Train(GossipTopology topology, int nodes, int steps) => TestCluster.Collect(nodes, 1, ranks =>
    {
        using var run = new RivalRun(new GossipSpec { Topology = topology }, ranks, (1, 1));
        var seen = new float[steps];
        for (int step = 0; step < steps; step++)
        {
            run.Step(optimizer: run => run.Parameters[0] = run.Steps == 0 ? 1 + ranks.Rank : run.Parameters[0] - 1);
            seen[step] = run.Parameters[0];
        }

        return seen;
    });
}
