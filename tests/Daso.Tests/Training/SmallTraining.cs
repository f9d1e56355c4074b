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

/// <summary>A model of two layers on noise with a pattern, on two ranks.</summary>
internal static class SmallTraining
{
    internal static TrainingOutcome[] Run(
        StrategySpec strategy,
        int? epochs,
        int stepsPerEpoch,
        ITrainingObserver? observer = null,
        int hidden = 8,
        double rate = 0.05,
        Func<int, IRecorder>? recorderOf = null,
        int warmupSteps = 1,
        int? steps = null)
    {
        using IDataset data = new SyntheticImages
        {
            BatchPerRank = 4,
            Channels = 1,
            Size = 6,
            Classes = 4,
            TrainSamples = 2 * 4 * stepsPerEpoch,
            HeldOutSamples = 16,
        }.Open();
        var plan = new TrainingPlan(
            new TwoLayers(hidden), data, new SgdSpec(0.9, 1e-4), new ConstantRateSpec(rate), strategy, Seed: 5, epochs, steps, warmupSteps);
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
}
