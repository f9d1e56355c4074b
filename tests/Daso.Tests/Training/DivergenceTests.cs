using Daso.Baselines;
using Daso.Cluster;
using Daso.Communication;
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

public class DivergenceTests
{
    [Fact]
    public void A_parameter_that_is_not_a_number_is_named_with_its_rank_epoch_and_step()
    {
        var plan = new TrainingPlan(
            new LinearModel(),
            new SpoiltData(),
            new SgdSpec(Momentum: 0.9, WeightDecay: 0),
            new ConstantRateSpec(0.1),
            new DasoSpec(),
            Seed: 1,
            Epochs: 3,
            MaximumSteps: null,
            WarmupSteps: 0);
        // Step 3 is the second of epoch 1; rank 2's gradient goes to its node, and local rank 1 of each node sends.
        ClusterFailedException failure = Assert.Throws<ClusterFailedException>(
            () => TestCluster.Run(2, 2, ranks => Trainer.Run(plan, ranks, NullRecorder.Instance, null)));
        Assert.Equal(
            "rank 3 failed: epoch 1, step 3: parameter only.weight is NaN: training has diverged; lower the learning rate",
            failure.Message);
    }

    [Fact]
    public void A_held_out_loss_that_is_not_a_number_is_no_result()
    {
        var plan = new TrainingPlan(
            new LinearModel(),
            new SpoiltData { HeldOutIsSpoilt = true },
            new SgdSpec(Momentum: 0, WeightDecay: 0),
            new ConstantRateSpec(0.1),
            new NoCommunicationSpec(),
            Seed: 1,
            Epochs: 1,
            MaximumSteps: 1,
            WarmupSteps: 0);
        AgreedFailureException failure = Assert.Throws<AgreedFailureException>(
            () => TestCluster.Run(2, 1, ranks => Trainer.Run(plan, ranks, NullRecorder.Instance, null)));
        Assert.Equal("epoch 0: the loss on held-out data is NaN: training has diverged; lower the learning rate", failure.Message);
    }

    [Fact]
    public void A_last_update_that_overflows_is_no_result()
    {
        string message = Assert.ThrowsAny<Exception>(
            () => SmallTraining.Run(new NoCommunicationSpec(), epochs: 1, stepsPerEpoch: 1, rate: 1e38, warmupSteps: 0)).Message;
        Assert.Matches("epoch 0: .*: training has diverged; lower the learning rate", message);
    }

    [Fact]
    public void A_parameter_that_overflowed_is_no_result_where_no_loss_shows_it()
    {
        var plan = new TrainingPlan(
            new IdleUnit(),
            new SpoiltData(),
            new SgdSpec(Momentum: 0, WeightDecay: 0),
            new ConstantRateSpec(0.1),
            new NoCommunicationSpec(),
            Seed: 1,
            Epochs: 1,
            MaximumSteps: 1,
            WarmupSteps: 0);
        AgreedFailureException failure = Assert.Throws<AgreedFailureException>(
            () => TestCluster.Run(2, 1, ranks => Trainer.Run(plan, ranks, NullRecorder.Instance, null)));
        Assert.Equal(
            "epoch 0: after its last step, parameters of 2 of 2 ranks are not finite: training has diverged; lower the learning rate",
            failure.Message);
    }

    /// <summary>Has a parameter that nothing reads, and which is infinite.</summary>
    private sealed record IdleUnit : ModelSpec
    {
        public override LayeredModel Build(int seed)
        {
            var idle = nn.Linear(1, 1);
            using (no_grad())
                idle.bias!.fill_(float.PositiveInfinity);
            var used = nn.Linear(2, 2);
            used.register_module("idle", idle);
            return new LayeredModel("idle unit", ("used", used));
        }

        public override void Describe(SpecificationWriter writer) => writer.Add("kind", "idle");
    }

    private sealed record LinearModel : ModelSpec
    {
        public override LayeredModel Build(int seed) => new("linear", ("only", nn.Linear(2, 2)));

        public override void Describe(SpecificationWriter writer) => writer.Add("kind", "linear");
    }

    /// <summary>Two batches an epoch, the same for all ranks, but rank 2's second of epoch 1 is NaN.</summary>
    private sealed class SpoiltData : IDataset
    {
        public bool HeldOutIsSpoilt { get; init; }

        public string Unit => "images";

        public int TrainSamples => 8;

        public int HeldOutSamples => 4;

        public string Fingerprint => "synthetic";

        public IBatchSource OpenTraining(Shard shard, int seed, Device device) => new Batches(2, spoiltEpoch: shard.Index == 2 ? 1 : null, spoiltBatch: 1);

        public IBatchSource OpenHeldOut(Shard shard, Device device) => new Batches(1, HeldOutIsSpoilt ? 0 : null, spoiltBatch: 0);

        public void Dispose()
        {
        }
    }

    private sealed class Batches(int count, int? spoiltEpoch, int spoiltBatch) : IBatchSource
    {
        private readonly Tensor _inputs = ones(1, 2).DetachFromDisposeScope();
        private readonly Tensor _targets = zeros(1, dtype: ScalarType.Int64).DetachFromDisposeScope();
        private int _epoch;
        private int _next;

        public int BatchesPerEpoch => count;

        public void StartEpoch(int epoch, int firstBatch = 0)
        {
            _epoch = epoch;
            _next = firstBatch;
        }

        public Batch Next()
        {
            if (_epoch == spoiltEpoch && _next == spoiltBatch)
                _inputs.fill_(float.NaN);
            _next++;
            return new Batch(_inputs, _targets, 1);
        }

        public void Dispose()
        {
            _inputs.Dispose();
            _targets.Dispose();
        }
    }
}
