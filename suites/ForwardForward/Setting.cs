using Daso.Data;
using Daso.Models;
using Daso.Objectives;
using Daso.Optimization;

namespace Daso.Suites.ForwardForward;

/// <summary>What both experiments have in common: the paper's four layers, on the digits that come with the suites.</summary>
internal static class Setting
{
    internal static ForwardForwardSpec Goodness { get; } = new();

    // No weight decay: a rank's copies of others' layers have no gradient and are to stay as they are.
    internal static OptimizerSpec Adam { get; } = new AdamWSpec { WeightDecay = 0 };

    internal static LearningRateSpec Rate { get; } = new ConstantRateSpec(0.001);

    internal static ModelSpec Network(int width) => new DenseLayersSpec { Inputs = 28 * 28, Width = width, Layers = 4 };

    internal static DataSpec Digits(int batchPerRank) =>
        new IdxImages { Folder = DataFolder.Of("mnist-10k"), Classes = 10, BatchPerRank = batchPerRank };
}
