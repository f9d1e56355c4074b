using Daso.Baselines;
using Daso.Communication;
using Daso.Models;
using Daso.Strategies;
using Daso.Tests.Cluster;
using Daso.Tests.Strategies;

namespace Daso.Tests.Baselines;

public class BaselineTests
{
    public static TheoryData<StrategySpec, float[]> Strategies => new()
    {
        { new DdpSpec(), [1.5f, 1.5f, 1.5f, 1.5f] },
        { new DdpSpec { BucketBytes = 4, FirstBucketBytes = 4 }, [1.5f, 1.5f, 1.5f, 1.5f] },
        { new HorovodSpec(), [1.5f, 1.5f, 1.5f, 1.5f] },
        { new HorovodSpec { FusionBytes = 0, CycleMs = 0 }, [1.5f, 1.5f, 1.5f, 1.5f] },
        { new HorovodSpec { Wire = WireFormat.Float16 }, [1.5f, 1.5f, 1.5f, 1.5f] },
        { new NoCommunicationSpec(), [0, 1, 2, 3] },
    };

    [Theory]
    [MemberData(nameof(Strategies))]
    public void The_optimizer_gets_the_mean_gradient_of_all_ranks_step_after_step(StrategySpec spec, float[] expected)
    {
        float[][] seen = TestCluster.Collect(2, 2, ranks =>
        {
            using Replica replica = TinyReplica.Create();
            using IStrategy strategy = TinyReplica.Strategy(spec, ranks, replica);
            var gradients = new List<float>();
            for (int step = 0; step < 3; step++)
            {
                TinyReplica.Step(strategy, replica, 0, step, gradient: ranks.Rank, x => x);
                Assert.All(replica.Gradients.Host.ToArray(), value => Assert.Equal(replica.Gradients.Host.Span[0], value));
                gradients.Add(replica.Gradients.Host.Span[0]);
            }

            return gradients.ToArray();
        });
        for (int rank = 0; rank < 4; rank++)
            Assert.Equal([expected[rank], expected[rank], expected[rank]], seen[rank]);
    }

    /// <summary>The rivals' orders of division: PyTorch's hook before the sum, Horovod's post-scale factor after it.</summary>
    [Fact]
    public void Float16_means_overflow_where_the_rivals_do()
    {
        Assert.Equal(20000, MeanOf(new DdpSpec { Wire = WireFormat.Float16 }, 20000));
        Assert.Equal(0, MeanOf(new DdpSpec { Wire = WireFormat.Float16 }, 3e-8f));
        Assert.Equal(float.PositiveInfinity, MeanOf(new HorovodSpec { Wire = WireFormat.Float16 }, 20000));
        Assert.Equal(20000, MeanOf(new HorovodSpec(), 20000));
        Assert.Equal(20000, MeanOf(new DdpSpec(), 20000));

        static float MeanOf(StrategySpec spec, float gradient) => TestCluster.Collect(2, 2, ranks =>
        {
            using Replica replica = TinyReplica.Create();
            using IStrategy strategy = TinyReplica.Strategy(spec, ranks, replica);
            TinyReplica.Step(strategy, replica, 0, 0, gradient, x => x);
            return replica.Gradients.Host.Span[0];
        })[3];
    }

    [Fact]
    public void Float16_compression_sends_half_the_bytes()
    {
        Assert.Equal(2 * BytesOf(new DdpSpec { Wire = WireFormat.Float16 }), BytesOf(new DdpSpec()));
        Assert.Equal(4 * TinyReplica.Parameters, BytesOf(new DdpSpec()));
    }

    private static long BytesOf(DdpSpec spec) => TestCluster.Collect(2, 1, ranks =>
    {
        using Replica replica = TinyReplica.Create();
        return new GradientAverager(replica, ranks.World, spec.BucketBytes, spec.FirstBucketBytes, spec.Wire).Finish();
    })[0];
}
