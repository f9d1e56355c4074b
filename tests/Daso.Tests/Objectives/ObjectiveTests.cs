using Daso.Baselines;
using Daso.Data;
using Daso.Models;
using Daso.Objectives;
using Daso.Optimization;
using Daso.Recording;
using Daso.Specification;
using Daso.Tests.Cluster;
using Daso.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Daso.Tests.Objectives;

public class ObjectiveTests
{
    [Fact]
    public void A_metric_is_added_by_one_class_and_summed_over_ranks()
    {
        TrainingOutcome outcome = Train(new CrossEntropySpec { MoreMetrics = [new TargetsSeen()] }, ranks: 2)[0];

        IReadOnlyList<MeasuredMetric> heldOut = outcome.Epochs[^1].HeldOut;
        Assert.Equal(["loss", "accuracy", "top5", "targets"], heldOut.Select(measured => measured.Metric.Name));
        // 16 held-out samples over both ranks.
        Assert.Equal(16, heldOut[^1].Value);
    }

    /// <summary>Layers that learn from losses of their own, each with its optimizer, as Forward-Forward's do.</summary>
    [Fact]
    public void Several_losses_and_optimizers_are_a_learner()
    {
        IReadOnlyList<EpochResult> epochs = Train(new LayerByLayer(), ranks: 2)[0].Epochs;
        Assert.True(epochs[^1].TrainLoss < 0.8 * epochs[0].TrainLoss, $"{epochs[0].TrainLoss} → {epochs[^1].TrainLoss}");
        TrainingOutcome[] ranks = Train(new LayerByLayer(), ranks: 2);
        Assert.Equal(ranks[0].ParametersSha256, ranks[1].ParametersSha256);
    }

    [Fact]
    public void Metrics_of_one_name_are_refused() => Assert.Contains(
        "two metrics called loss",
        Assert.Throws<UserErrorException>(new CrossEntropySpec { MoreMetrics = [new CrossEntropy()] }.Validate).Message,
        StringComparison.Ordinal);

    private static TrainingOutcome[] Train(ObjectiveSpec objective, int ranks)
    {
        using IDataset data = new SyntheticImages
        {
            BatchPerRank = 4,
            Channels = 1,
            Size = 6,
            Classes = 4,
            TrainSamples = ranks * 4 * 30,
            HeldOutSamples = 16,
        }.Open();
        var plan = new TrainingPlan(
            new TwoHeads(), data, new SgdSpec(0.9, 0), new ConstantRateSpec(0.05), new DdpSpec(), Seed: 5, Epochs: 3, MaximumSteps: null, WarmupSteps: 0)
        {
            Objective = objective,
        };
        return TestCluster.Collect(ranks, 1, rank => Trainer.Run(plan, rank, NullRecorder.Instance, null));
    }

    /// <summary>Two layers; the first's output is read as logits, too, by its first four units.</summary>
    private sealed record TwoHeads : ModelSpec
    {
        public override LayeredModel Build(int seed)
        {
            var model = new LayeredModel(
                "two heads",
                ("first", nn.Sequential(nn.Flatten(), nn.Linear(36, 8))),
                ("second", nn.Sequential(nn.Tanh(), nn.Linear(8, 4))));
            using var generator = new Generator((ulong)seed, CPU);
            using var _ = no_grad();
            foreach (var parameter in model.parameters())
                parameter.normal_(0, 0.1, generator);
            return model;
        }

        public override void Describe(SpecificationWriter writer) => writer.Add("kind", "two heads");
    }

    private sealed record TargetsSeen : Metric
    {
        public override string Name => "targets";

        public override string Title => "Targets seen";

        public override string Unit => "targets";

        public override TargetDirection Better => TargetDirection.AtLeast;

        public override int Sums => 1;

        public override void Add(Tensor outputs, Tensor targets, Span<double> sums) => sums[0] += targets.numel();

        public override float Value(ReadOnlySpan<float> sums) => sums[0];
    }

    private sealed record LayerByLayer : ObjectiveSpec
    {
        public override IReadOnlyList<Metric> Metrics { get; } = [new CrossEntropy()];

        public override Tensor Loss(Tensor outputs, Tensor targets) => CrossEntropySpec.Default.Loss(outputs, targets);

        public override ILearner CreateLearner(Replica replica, OptimizerSpec optimizer) => new Learner(this, replica, optimizer);

        public override void Describe(SpecificationWriter writer) => writer.Add("kind", "layer by layer");
    }

    private sealed class Learner : ILearner
    {
        private readonly LayerByLayer _objective;
        private readonly LayeredModel _model;
        private readonly Both _optimizer;

        internal Learner(LayerByLayer objective, Replica replica, OptimizerSpec optimizer)
        {
            _objective = objective;
            _model = replica.Model;
            _optimizer = new Both(optimizer.Create(replica.Parameters, replica.Gradients), new Decay(replica.Parameters));
        }

        public IOptimizer Optimizer => _optimizer;

        public Tensor Learn(Batch batch, StepTimer timer, SpanMark start)
        {
            Tensor hidden = _model.Parts[0].Module.forward(batch.Inputs);
            Tensor first = _objective.Loss(hidden.narrow(1, 0, 4).contiguous(), batch.Targets);
            Tensor second = _objective.Loss(_model.Parts[1].Module.forward(hidden.detach()), batch.Targets);
            SpanMark forwardEnd = timer.End(SpanKind.Forward, start);
            _model.Backward(second);
            _model.Observer?.PartReady(1);
            _model.Backward(first);
            timer.End(SpanKind.Backward, forwardEnd);
            return first.detach() + second.detach();
        }

        public Tensor Predict(Tensor inputs) => _model.forward(inputs);

        public void Dispose() => _optimizer.Dispose();
    }

    private sealed class Decay(FlatTensor parameters) : IOptimizer
    {
        public IReadOnlyList<(string Name, FlatTensor Values)> State => [];

        public long Steps { get; set; }

        public void Step(double learningRate)
        {
            using var _ = no_grad();
            using Scalar factor = 0.999.ToScalar();
            parameters.Tensor.mul_(factor);
        }

        public void Dispose()
        {
        }
    }

    private sealed class Both(IOptimizer first, IOptimizer second) : IOptimizer
    {
        public IReadOnlyList<(string Name, FlatTensor Values)> State => [.. first.State, .. second.State];

        public long Steps
        {
            get => first.Steps;
            set => first.Steps = second.Steps = value;
        }

        public void Step(double learningRate)
        {
            first.Step(learningRate);
            second.Step(learningRate);
        }

        public void Dispose()
        {
            first.Dispose();
            second.Dispose();
        }
    }
}
