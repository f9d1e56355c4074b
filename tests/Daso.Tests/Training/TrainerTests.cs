using Daso.Baselines;
using Daso.Recording;
using Daso.Specification;
using Daso.Strategies;
using Daso.Timing;
using Daso.Training;

namespace Daso.Tests.Training;

public class TrainerTests
{
    private static readonly StrategySpec[] s_strategies =
    [
        new DdpSpec(), new HorovodSpec(), new NoCommunicationSpec(),
        new DasoSpec { Schedule = new DasoSettings { WarmupEpochs = 1, CooldownEpochs = 1 } },
    ];

    public static TheoryData<StrategySpec> Strategies => [.. s_strategies];

    [Theory]
    [MemberData(nameof(Strategies))]
    public void A_step_allocates_nothing_per_parameter(StrategySpec strategy)
    {
        double small = AllocatedPerStep(strategy, hidden: 4), large = AllocatedPerStep(strategy, hidden: 4096);
        // 1,000 times the parameters; the noise of a step is far below a byte for each.
        Assert.True(large - small < 4000, $"{small} and {large} bytes a step");
    }

    [Fact]
    public void All_ranks_end_equal_with_every_strategy_that_communicates()
    {
        foreach (StrategySpec strategy in s_strategies.Where(strategy => strategy is not NoCommunicationSpec))
            Assert.Single(SmallTraining.Run(strategy, epochs: 3, stepsPerEpoch: 9).Select(outcome => outcome.ParametersSha256).Distinct());
    }

    [Fact]
    public void Ddp_and_horovod_train_the_same_model_bit_by_bit() =>
        Assert.Equal(
            SmallTraining.Run(new DdpSpec(), epochs: 2, stepsPerEpoch: 9)[0].ParametersSha256,
            SmallTraining.Run(new HorovodSpec(), epochs: 2, stepsPerEpoch: 9)[0].ParametersSha256);

    [Fact]
    public void Warm_up_leaves_no_trace() =>
        Assert.All(s_strategies, strategy => Assert.Equal(
            SmallTraining.Run(strategy, epochs: 2, stepsPerEpoch: 9, warmupSteps: 0)[0].ParametersSha256,
            SmallTraining.Run(strategy, epochs: 2, stepsPerEpoch: 9, warmupSteps: 4)[0].ParametersSha256));

    [Fact]
    public void A_training_of_steps_has_as_many_epochs_as_they_need()
    {
        TrainingOutcome bySteps = SmallTraining.Run(new DdpSpec(), epochs: null, stepsPerEpoch: 9, steps: 13)[0];
        TrainingOutcome cutShort = SmallTraining.Run(new DdpSpec(), epochs: 5, stepsPerEpoch: 9, steps: 13)[0];

        Assert.Equal(2, bySteps.Epochs.Count);
        Assert.Equal(cutShort.ParametersSha256, bySteps.ParametersSha256);
    }

    [Fact]
    public void A_strategy_is_told_the_steps_number_rate_and_loss()
    {
        var seen = new List<(long Number, double Rate, float Loss)>();
        TrainingOutcome outcome = SmallTraining.Run(new Watching(seen), epochs: 1, stepsPerEpoch: 9, rate: 0.03, warmupSteps: 0)[0];

        Assert.Equal(Enumerable.Range(0, 9).Select(step => (long)step), seen.Select(step => step.Number));
        Assert.All(seen, step => Assert.Equal(0.03, step.Rate));
        // Rank 1 trains on other data: the mean over both ranks is near rank 0's alone, and the rank's own losses differ from step to step.
        Assert.Equal(outcome.Epochs[0].TrainLoss, seen.Average(step => step.Loss), 0.3);
        Assert.True(seen.Select(step => step.Loss).Distinct().Count() > 1);
    }

    [Fact]
    public void The_loss_falls() =>
        Assert.All(s_strategies, strategy =>
        {
            IReadOnlyList<EpochResult> epochs = SmallTraining.Run(strategy, epochs: 3, stepsPerEpoch: 30)[0].Epochs;
            Assert.True(epochs[^1].TrainLoss < 0.7 * epochs[0].TrainLoss, $"{strategy}: {epochs[0].TrainLoss} → {epochs[^1].TrainLoss}");
        });

    [Fact]
    public void A_diverged_training_ends_with_its_rank_and_epoch() =>
        Assert.Matches(
            "rank . failed: epoch ., step .+: |rank . failed: epoch .: the training loss is",
            Assert.ThrowsAny<Exception>(() => SmallTraining.Run(new DasoSpec(), epochs: 2, stepsPerEpoch: 30, rate: 1e30)).Message);

    private static double AllocatedPerStep(StrategySpec strategy, int hidden)
    {
        var recorders = new AllocationRecorder[2];
        SmallTraining.Run(strategy, epochs: 2, stepsPerEpoch: 40, hidden: hidden, recorderOf: rank => recorders[rank] = new AllocationRecorder());
        return recorders.Max(recorder => recorder.Median());
    }

    /// <summary>Notes on rank 0 what the context says when backward is done.</summary>
    private sealed record Watching(List<(long, double, float)> Seen) : StrategySpec
    {
        public override IStrategy Create(StrategyContext context) => new Strategy(context, Seen);

        public override void Describe(SpecificationWriter writer)
        {
        }

        private sealed class Strategy(StrategyContext context, List<(long, double, float)> seen) : IStrategy
        {
            public void BackwardDone()
            {
                if (context.Ranks.Rank == 0)
                    seen.Add((context.Step.Number, context.Step.LearningRate, context.Step.Loss));
            }

            public void Dispose()
            {
            }
        }
    }

    private sealed class AllocationRecorder : IRecorder
    {
        private readonly List<double> _bytes = [];

        public long NowNs => ProcessClock.NowNs;

        internal double Median()
        {
            _bytes.Sort();
            return _bytes[_bytes.Count / 2];
        }

        public void MoveTo(int epoch, int step)
        {
        }

        public void Span(SpanKind kind, long startNs, long durationNs, long bytes = 0, OperationKey? operation = null)
        {
        }

        public void Metric(string name, double value)
        {
            if (name == MetricNames.AllocatedBytes)
                _bytes.Add(value);
        }

        public void EndStep()
        {
        }
    }
}
