using Daso.Baselines;
using Daso.Data;
using Daso.Experiments;
using Daso.Models;
using Daso.Optimization;
using Daso.Strategies;

namespace Daso.GateSuite;

/// <summary>
/// A ResNet-18 that is trained in a third of a second, without a limit of links: where nearly all is computing, a machine that is slow
/// tonight is slow for both strategies. 40 seeds in turn, so that a short run has 40 pairs of trainings.
/// </summary>
[Experiment("gate-resnet18", Suite = "gate")]
[Model(nameof(Network)), Data(nameof(Images)), Optimizer(nameof(Sgd)), LearningRate(nameof(Rate))]
[Strategy("ddp", nameof(Ddp), Baseline = true)]
[Strategy("daso", nameof(Daso))]
[Epochs(3)]
[Seeds(
    1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20,
    21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40)]
[Reference("anywhere", "daso", "quality", 0.5, Lower = -0.9, Upper = 1)]
public sealed partial class Gate
{
    private ModelSpec Network => new ResNetSpec { Depth = 18, InputChannels = 1, Width = 8, Classes = 10 };

    private DataSpec Images => new SyntheticImages
    {
        Channels = 1,
        Size = 28,
        Classes = 10,
        TrainSamples = 256,
        HeldOutSamples = 64,
        BatchPerRank = 8,
    };

    private OptimizerSpec Sgd => new SgdSpec(Momentum: 0.9, WeightDecay: 1e-4);

    private LearningRateSpec Rate => new ConstantRateSpec(0.02);

    private StrategySpec Ddp => new PlantedSlowdown("ddp", new DdpSpec());

    private StrategySpec Daso =>
        new PlantedSlowdown("daso", new DasoSpec { Schedule = new DasoSettings { WarmupEpochs = 1, CooldownEpochs = 1 } });
}
