using Daso.Baselines;
using Daso.Models;
using Daso.Recording;
using Daso.Strategies;
using Daso.Tests.Cluster;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Daso.Tests.Strategies;

public sealed class BufferBroadcastTests
{
    /// <summary>The mean that each of 2 × 2 ranks evaluates with after one step; rank r's own is r.</summary>
    public static TheoryData<StrategySpec, float[]> Strategies => new()
    {
        { new DdpSpec(), [0, 0, 0, 0] },
        { new DdpSpec { BroadcastBuffers = false }, [0, 1, 2, 3] },
        { new HorovodSpec { CycleMs = 0 }, [0, 1, 2, 3] },
        { new DasoSpec { Schedule = new DasoSettings { Variant = DasoVariant.Heat } }, [0, 0, 2, 2] },
        { new DasoSpec { Schedule = new DasoSettings { Variant = DasoVariant.Heat }, BroadcastBuffers = false }, [0, 1, 2, 3] },
        { new DasoSpec(), [0, 1, 2, 3] },
        { new DasoSpec { BroadcastBuffers = true }, [0, 0, 2, 2] },
    };

    [Theory]
    [MemberData(nameof(Strategies))]
    public void Ranks_evaluate_with_the_statistics_that_their_strategy_says(StrategySpec spec, float[] expected)
    {
        (float Mean, float Variance)[] statistics = TestCluster.Collect(2, 2, ranks =>
        {
            using var rank = new NormedRank(spec, ranks.Rank, replica => TinyReplica.Strategy(spec, ranks, replica));
            rank.Step(batch: 0, mean: ranks.Rank);
            rank.Strategy.EvaluationStarting();
            return (rank.Norm.running_mean![2].item<float>(), rank.Norm.running_var![0].item<float>());
        });
        Assert.Equal(expected.Select(mean => (mean, 10 * mean)), statistics);
    }

    [Theory]
    [MemberData(nameof(Strategies))]
    public void The_next_forward_begins_with_the_same_statistics(StrategySpec spec, float[] expected)
    {
        float[] means = TestCluster.Collect(2, 2, ranks =>
        {
            using var rank = new NormedRank(spec, ranks.Rank, replica => TinyReplica.Strategy(spec, ranks, replica));
            rank.Step(batch: 0, mean: ranks.Rank);
            rank.Strategy.StepStarted(0, 1);
            return rank.Norm.running_mean![0].item<float>();
        });
        Assert.Equal(expected, means);
    }

    [Fact]
    public void A_broadcast_is_a_part_of_its_own_and_is_left_out_where_nothing_has_changed()
    {
        var spec = new DdpSpec();
        int[] spans = TestCluster.Collect(2, 1, ranks =>
        {
            var recorder = new BuffersRecorder();
            using var rank = new NormedRank(spec, ranks.Rank, replica => spec.Create(new StrategyContext(
                ranks, replica, new Daso.Optimization.SgdSpec(0, 0).Create(replica.Parameters, replica.Gradients), new StepTimer(recorder), Epochs: 1, StepsPerEpoch: 9)));
            rank.Step(batch: 0, mean: 1); // nothing before it
            rank.Step(batch: 1, mean: 2);
            rank.Strategy.EvaluationStarting();
            rank.Step(batch: 2, mean: 3); // the evaluation has done it
            return recorder.Spans;
        });
        Assert.Equal([2, 2], spans);
    }

    [Fact]
    public void The_bytes_are_those_of_the_statistics()
    {
        long bytes = TestCluster.Collect(2, 1, ranks =>
        {
            var recorder = new BuffersRecorder();
            var norm = BatchNorm();
            using var replica = new Replica(new LayeredModel("normed", ("norm", norm)), CPU);
            new BufferBroadcast(replica, ranks.World, new StepTimer(recorder)).Run();
            return recorder.Bytes;
        }).Sum();
        Assert.Equal(3 * 2 * sizeof(float), bytes);
    }

    [Fact]
    public void Local_skips_leave_the_broadcast_after_them_out()
    {
        // Variant heat after a warm-up of one epoch: B = 4, S = 1, W = 1, so that batch 3 of the second epoch does not average.
        var spec = new DasoSpec
        {
            Schedule = new DasoSettings { Variant = DasoVariant.Heat, WarmupEpochs = 1, CooldownEpochs = 0, MaxGlobalSkips = 8, LocalSkipFactor = 2, Patience = 0 },
        };
        (bool Averaged, bool Broadcast)[][] seen = TestCluster.Collect(1, 2, ranks =>
        {
            using var rank = new NormedRank(spec, ranks.Rank, replica => TinyReplica.Strategy(spec, ranks, replica, epochs: 9, stepsPerEpoch: 24));
            var steps = new List<(bool, bool)>();
            for (int epoch = 0; epoch < 6; epoch++)
            {
                for (int batch = 0; batch < 24; batch++)
                {
                    rank.Norm.running_mean!.fill_(ranks.Rank);
                    bool averagedBefore = rank.LastAveraged;
                    rank.Step(batch, mean: null, epoch);
                    steps.Add((averagedBefore, rank.Norm.running_mean![0].item<float>() == 0));
                }

                rank.Norm.running_mean!.fill_(ranks.Rank);
                rank.Strategy.EvaluationStarting();
                rank.LastAveraged = false; // whatever comes first in an epoch follows an evaluation
                rank.Strategy.EpochEnded(1);
            }

            return steps.ToArray();
        });
        Assert.Contains(seen[1], step => !step.Averaged);
        Assert.All(seen[1], step => Assert.Equal(step.Averaged, step.Broadcast));
    }

    private static BatchNorm1d BatchNorm() => nn.BatchNorm1d(3);

    /// <summary>A rank whose model is one batch norm of three channels.</summary>
    private sealed class NormedRank : IDisposable
    {
        private readonly Replica _replica;

        internal NormedRank(StrategySpec spec, int rank, Func<Replica, IStrategy> create)
        {
            Norm = BatchNorm();
            _replica = new Replica(new LayeredModel("normed", ("norm", Norm)), CPU);
            _replica.Gradients.Host.Span.Fill(rank);
            Strategy = create(_replica);
        }

        internal BatchNorm1d Norm { get; }

        internal IStrategy Strategy { get; }

        /// <summary>Whether the last step averaged gradients over the group.</summary>
        internal bool LastAveraged { get; set; }

        /// <summary>A step whose forward sets the mean, and the variance to ten times that; null: leaves them.</summary>
        internal void Step(int batch, float? mean, int epoch = 0)
        {
            Strategy.StepStarted(epoch, batch);
            if (mean is float value)
            {
                Norm.running_mean!.fill_(value);
                Norm.running_var!.fill_(10 * value);
            }

            Span<float> gradients = _replica.Gradients.Host.Span;
            float own = gradients[0];
            Strategy.BackwardDone();
            LastAveraged = own == 0 || gradients[0] != own;
            gradients.Fill(own);
            Strategy.OptimizerStepped();
        }

        public void Dispose()
        {
            Strategy.Dispose();
            _replica.Dispose();
        }
    }

    private sealed class BuffersRecorder : IRecorder
    {
        internal int Spans { get; private set; }

        internal long Bytes { get; private set; }

        public long NowNs => 0;

        public void MoveTo(int epoch, int step)
        {
        }

        public void Span(SpanKind kind, long startNs, long durationNs, long bytes = 0, OperationKey? operation = null)
        {
            if (kind != SpanKind.Buffers)
                return;
            Spans++;
            Bytes += bytes;
        }

        public void Metric(string name, double value)
        {
        }

        public void EndStep()
        {
        }
    }
}
