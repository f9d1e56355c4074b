using Daso.Communication;
using Daso.Models;
using Daso.Strategies;
using Daso.Tests.Cluster;

namespace Daso.Tests.Strategies;

/// <summary>Hand-computed cases on 2 nodes × 2 ranks; ranks 0 and 1 sit on node 0.</summary>
public class DasoStrategyTests
{
    [Fact]
    public void Gradients_are_averaged_inside_the_node_only()
    {
        float[] gradients = TestCluster.Collect(2, 2, ranks =>
        {
            using Replica replica = TinyReplica.Create();
            using IStrategy daso = TinyReplica.Strategy(new DasoSpec(), ranks, replica);
            float seen = 0;
            TinyReplica.Step(daso, replica, 0, 0, gradient: ranks.Rank, x =>
            {
                seen = replica.Gradients.Host.Span[0];
                return x;
            });
            return seen;
        });
        Assert.Equal([0.5f, 0.5f, 2.5f, 2.5f], gradients);
    }

    [Theory]
    [InlineData("Float32")]
    [InlineData("BFloat16")]
    public void A_blocking_synchronisation_takes_the_groups_mean_and_gives_it_to_the_node(string name)
    {
        var wire = WireFormat.Named(name);
        float[] parameters = AfterSteps(new DasoSpec { BlockingWire = wire }, 2, (rank, step, _) => step == 0 ? 8 * rank : 4 * rank);
        // Step 0: group 0 (ranks 0 and 2) takes (0 + 16)/2 = 8; step 1: group 1 (ranks 1 and 3) takes (4 + 12)/2 = 8.
        Assert.All(parameters, value => Assert.Equal(8, value));
        // Step 0 alone, where the groups differ: group 0's mean, not group 1's (8 + 24)/2 = 16.
        Assert.All(AfterSteps(new DasoSpec { BlockingWire = wire }, 1, (rank, _, _) => 8 * rank), value => Assert.Equal(8, value));
    }

    [Fact]
    public void The_last_batch_of_an_epoch_is_blocking_while_cycling()
    {
        var spec = new DasoSpec { Schedule = new DasoSettings { WarmupEpochs = 0 } };
        // One step an epoch: the first is the last. Group 0 takes (0 + 2)/2 = 1.
        Assert.All(AfterSteps(spec, 1, (rank, _, _) => rank, stepsPerEpoch: 1), value => Assert.Equal(1, value));
    }

    [Fact]
    public void A_sum_is_merged_after_the_wait_by_equation_1()
    {
        var spec = new DasoSpec { Schedule = new DasoSettings { WarmupEpochs = 0 } };
        // Step 0: group 0 sends 0 and 2, sum 2. Step 1: its members are at 10 and 30; x := (2·1·x + 2)/(2·1 + 2): 5.5 and 15.5.
        float[] parameters = AfterSteps(spec, 2, (rank, step, _) => step == 0 ? rank : rank < 2 ? 10 : 30);
        Assert.Equal([5.5f, 5.5f, 15.5f, 15.5f], parameters);
    }

    [Fact]
    public void Between_sending_and_merging_a_rank_keeps_its_own_parameters()
    {
        var spec = new DasoSpec { Schedule = new DasoSettings { WarmupEpochs = 0, MaxGlobalSkips = 8 } };
        // W = 2: sent at step 0, merged at step 2.
        Assert.Equal([100, 101, 102, 103], AfterSteps(spec, 2, (rank, step, _) => (100 * step) + rank));
        // x := (2·2·x + 2)/(2·2 + 2) with x = 200 and 202 of group 0: 802/6 and 810/6.
        float[] merged = AfterSteps(spec, 3, (rank, step, _) => (100 * step) + rank);
        Assert.Equal(802 / 6f, merged[0], 1e-4f);
        Assert.Equal(merged[0], merged[1]);
        Assert.Equal(810 / 6f, merged[2], 1e-4f);
    }

    [Fact]
    public void Small_updates_are_not_swallowed_by_a_sixteen_bit_wire()
    {
        float[] parameters = AfterSteps(new DasoSpec { BlockingWire = WireFormat.BFloat16 }, 50, (_, _, x) => x - 0.001f);
        Assert.All(parameters, value => Assert.Equal(0.95f, value, 1e-3f));
    }

    [Fact]
    public void One_rank_per_node_and_one_node_both_work()
    {
        var spec = new DasoSpec { Schedule = new DasoSettings { WarmupEpochs = 0 } };
        // Two nodes of one rank: sum 1 of ranks 0 and 1, merged at 10 and 11: (2·10 + 1)/4 and (2·11 + 1)/4.
        Assert.Equal([5.25f, 5.75f], AfterSteps(spec, 2, (rank, step, _) => (10 * step) + rank, nodes: 2, ranksPerNode: 1));
        // One node: its own parameters come back: (2·x + x_sent)/3 for rank 0, given to rank 1.
        float[] alone = AfterSteps(spec, 2, (rank, step, _) => (3 * step) + rank, nodes: 1, ranksPerNode: 2);
        Assert.Equal(2, alone[0], 1e-6f);
        Assert.Equal(alone[0], alone[1]);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(1000)]
    public void Any_chunk_size_gives_the_same(int chunkElements)
    {
        var spec = new DasoSpec { ChunkElements = chunkElements, Schedule = new DasoSettings { WarmupEpochs = 0 } };
        Assert.Equal([5.5f, 5.5f, 15.5f, 15.5f], AfterSteps(spec, 2, (rank, step, _) => step == 0 ? rank : rank < 2 ? 10 : 30));
    }

    [Fact]
    public void A_parameter_that_is_not_a_number_ends_the_job_with_its_name()
    {
        ClusterFailedException failure = Assert.Throws<ClusterFailedException>(
            () => AfterSteps(new DasoSpec(), 1, (rank, _, x) => rank == 2 ? float.NaN : x));
        Assert.Contains("rank 2 failed: parameter first.weight is NaN", failure.Message);
    }

    [Fact]
    public void A_frozen_layer_survives_and_the_others_are_trained_as_without_it()
    {
        // Two blocking steps an epoch, then cycling ones; ranks drift apart.
        var spec = new DasoSpec { Schedule = new DasoSettings { WarmupEpochs = 1 }, BlockingWire = WireFormat.Float32 };
        (float[] Frozen, float[] Trained)[] Run(bool isFirstFrozen) => TestCluster.Collect(2, 2, ranks =>
        {
            using Replica replica = TinyReplica.Create(isFirstFrozen);
            float[] First() => replica.Model.Parts[0].Module.parameters().Single().data<float>().ToArray();
            float[] before = First();
            using IStrategy daso = TinyReplica.Strategy(spec, ranks, replica, stepsPerEpoch: 7);
            for (int step = 0; step < 21; step++)
            {
                TinyReplica.Step(daso, replica, step / 7, step % 7, 0, x => x + (0.1f * (ranks.Rank + 1)));
                if (step % 7 == 6)
                    daso.EpochEnded(1);
            }

            if (isFirstFrozen)
                Assert.Equal(before, First());
            return (before, replica.Parameters.Host.ToArray());
        });
        (float[] Frozen, float[] Trained)[] frozen = Run(true);
        Assert.All(frozen, one => Assert.Equal(2, one.Trained.Length));
        Assert.All(frozen, one => Assert.All(one.Frozen, value => Assert.NotEqual(0, value)));
        Assert.Equal(Run(false).Select(one => one.Trained[^2..]), frozen.Select(one => one.Trained));
    }

    [Fact]
    public void A_state_saved_between_sending_and_merging_goes_on_as_if_never_saved()
    {
        var spec = new DasoSpec { Schedule = new DasoSettings { WarmupEpochs = 0 } };
        float[] resumed = TestCluster.Collect(2, 2, ranks =>
        {
            using Replica replica = TinyReplica.Create();
            using var stream = new MemoryStream();
            using (IStrategy first = TinyReplica.Strategy(spec, ranks, replica))
            {
                TinyReplica.Step(first, replica, 0, 0, 0, _ => ranks.Rank);
                first.Save(new BinaryWriter(stream));
            }

            stream.Position = 0;
            using IStrategy second = TinyReplica.Strategy(spec, ranks, replica);
            second.Load(new BinaryReader(stream));
            TinyReplica.Step(second, replica, 0, 1, 0, _ => ranks.Rank < 2 ? 10 : 30);
            return replica.Parameters.Host.Span[0];
        });
        Assert.Equal([5.5f, 5.5f, 15.5f, 15.5f], resumed);
    }

    [Fact]
    public void A_rank_that_ends_with_a_sum_in_flight_leaves_its_contribution_to_the_others()
    {
        var spec = new DasoSpec { Schedule = new DasoSettings { WarmupEpochs = 0 } };
        using var hasEnded = new ManualResetEventSlim();
        float[][] merged = TestCluster.Collect(2, 1, ranks =>
        {
            using Replica replica = TinyReplica.Create();
            using (IStrategy daso = TinyReplica.Strategy(spec, ranks, replica))
            {
                if (ranks.Rank == 1)
                    hasEnded.Wait(ranks.Cancelled);
                TinyReplica.Step(daso, replica, 0, 0, 0, _ => 1 + ranks.Rank);
                if (ranks.Rank == 1)
                    TinyReplica.Step(daso, replica, 0, 1, 0, _ => 10);
            }

            hasEnded.Set();
            return replica.Parameters.Host.ToArray();
        });
        // (2·10 + 1 + 2)/4: freed memory would have lost the 1.
        Assert.All(merged[1], value => Assert.Equal(5.75f, value));
    }

    /// <summary>Each rank's first parameter after some steps of an epoch, with an optimizer given as (rank, step, value) → value.</summary>
    private static float[] AfterSteps(
        DasoSpec spec, int steps, Func<int, int, float, float> optimizer, int nodes = 2, int ranksPerNode = 2, int stepsPerEpoch = 100) =>
        TestCluster.Collect(nodes, ranksPerNode, ranks =>
        {
            using Replica replica = TinyReplica.Create();
            using IStrategy daso = TinyReplica.Strategy(spec, ranks, replica, stepsPerEpoch: stepsPerEpoch);
            for (int step = 0; step < steps; step++)
                TinyReplica.Step(daso, replica, 0, step, 0, x => optimizer(ranks.Rank, step, x));
            return replica.Parameters.Host.Span[^1];
        });
}
