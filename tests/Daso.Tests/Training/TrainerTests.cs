using Daso.Baselines;
using Daso.Data;
using Daso.Models;
using Daso.Optimization;
using Daso.Recording;
using Daso.Specification;
using Daso.Strategies;
using Daso.Tests.Cluster;
using Daso.Training;
using static TorchSharp.torch;

namespace Daso.Tests.Training;

[Collection(nameof(RunsAlone))]
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
    public void Over_a_thousand_steps_the_number_of_live_tensors_stays_flat(StrategySpec strategy)
    {
        var counts = new LiveTensors();
        Train(strategy, epochs: 5, stepsPerEpoch: 210, counts);
        Assert.Equal(5, counts.AfterEpoch.Count);
        // The count is the process's, and finalizers lag behind.
        Assert.InRange(counts.AfterEpoch[^1] - counts.AfterEpoch[1], -200, 200);
    }

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
            Assert.Single(Train(strategy, epochs: 3, stepsPerEpoch: 9).Select(outcome => outcome.ParametersSha256).Distinct());
    }

    [Fact]
    public void Ddp_and_horovod_train_the_same_model_bit_by_bit() =>
        Assert.Equal(
            Train(new DdpSpec(), epochs: 2, stepsPerEpoch: 9)[0].ParametersSha256,
            Train(new HorovodSpec(), epochs: 2, stepsPerEpoch: 9)[0].ParametersSha256);

    [Fact]
    public void The_loss_falls() =>
        Assert.All(s_strategies, strategy =>
        {
            IReadOnlyList<EpochResult> epochs = Train(strategy, epochs: 3, stepsPerEpoch: 30)[0].Epochs;
            Assert.True(epochs[^1].TrainLoss < 0.7 * epochs[0].TrainLoss, $"{strategy}: {epochs[0].TrainLoss} → {epochs[^1].TrainLoss}");
        });

    [Fact]
    public void A_diverged_training_ends_with_its_rank_and_epoch() =>
        Assert.Matches(
            "rank . failed: epoch ., step .+: |rank . failed: epoch .: the training loss is",
            Assert.ThrowsAny<Exception>(() => Train(new DasoSpec(), epochs: 2, stepsPerEpoch: 30, rate: 1e30)).Message);

    private static double AllocatedPerStep(StrategySpec strategy, int hidden)
    {
        var recorders = new AllocationRecorder[2];
        Train(strategy, epochs: 2, stepsPerEpoch: 40, hidden: hidden, recorderOf: rank => recorders[rank] = new AllocationRecorder());
        return recorders.Max(recorder => recorder.Median());
    }

    private static TrainingOutcome[] Train(
        StrategySpec strategy,
        int epochs,
        int stepsPerEpoch,
        ITrainingObserver? observer = null,
        int hidden = 8,
        double rate = 0.05,
        Func<int, IRecorder>? recorderOf = null)
    {
        using IDataset data = new SyntheticImages
        {
            BatchPerRank = 4, Channels = 1, Size = 6, Classes = 4, TrainSamples = 2 * 4 * stepsPerEpoch, HeldOutSamples = 16,
        }.Open();
        var plan = new TrainingPlan(
            new TwoLayers(hidden), data, new SgdSpec(0.9, 1e-4), new ConstantRateSpec(rate), strategy, Seed: 5, epochs, null, WarmupSteps: 1);
        return TestCluster.Collect(2, 1, ranks => Trainer.Run(
            plan, ranks, recorderOf?.Invoke(ranks.Rank) ?? NullRecorder.Instance, ranks.Rank == 0 ? observer : null));
    }

    private sealed record TwoLayers(int Hidden) : ModelSpec
    {
        public override LayeredModel Build(int seed)
        {
            var model = new LayeredModel(
                "two layers",
                ("first", nn.Sequential(nn.Flatten(), nn.Linear(36, Hidden))),
                ("second", nn.Sequential(nn.Tanh(), nn.Linear(Hidden, 4))));
            using var generator = new Generator((ulong)seed, CPU);
            using var _ = no_grad();
            foreach (var parameter in model.parameters())
                parameter.normal_(0, 0.1, generator);
            return model;
        }

        public override void Describe(SpecificationWriter writer) => writer.Add("hidden", Hidden);
    }

    private sealed class LiveTensors : ITrainingObserver
    {
        internal List<long> AfterEpoch { get; } = [];

        public void StepDone(int steps, int totalSteps)
        {
        }

        public void EpochDone(EpochResult result) => AfterEpoch.Add(Tensor.TotalCount);
    }

    private sealed class AllocationRecorder : IRecorder
    {
        private readonly List<double> _bytes = [];

        public long NowNs => RunClock.NowNs;

        internal double Median()
        {
            _bytes.Sort();
            return _bytes[_bytes.Count / 2];
        }

        public void MoveTo(int epoch, int step)
        {
        }

        public void Span(SpanKind kind, long startNs, long durationNs, long bytes = 0)
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
