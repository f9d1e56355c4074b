using Daso.Data;
using Daso.Models;
using Daso.Optimization;

namespace Daso.Suites.Quickstart;

/// <summary>A small ResNet-18 on handwritten digits, in 10 epochs of 10 steps on 4 ranks.</summary>
internal static class DigitsWorkload
{
    internal const int Epochs = 10;

    internal static ModelSpec Network => new ResNetSpec { Depth = 18, InputChannels = 1, Width = 16, Classes = 10 };

    internal static OptimizerSpec Optimizer => new SgdSpec(Momentum: 0.9, WeightDecay: 1e-4);

    internal static LearningRateSpec Rate => new WarmupCosineSpec { BaseRate = 0.0125, ScaleWithRanks = true, WarmupEpochs = 2, TotalEpochs = Epochs };

    internal static DataSpec Data(int batchPerRank) =>
        new IdxImages { Folder = DataFolder.Of("mnist-10k"), Classes = 10, SamplesPerEpoch = 640, BatchPerRank = batchPerRank };
}
