using Daso.Baselines;
using Daso.Data;
using Daso.Experiments;
using Daso.Models;
using Daso.Optimization;
using Daso.Strategies;

namespace MySuite;

/// <summary>A small ResNet-18 tells waves apart.</summary>
[Experiment("waves-resnet18", Suite = "waves")]
[Model(nameof(Network)), Data(nameof(Waves)), Optimizer(nameof(Sgd)), LearningRate(nameof(Rate))]
[Strategy("ddp", nameof(Ddp), Baseline = true), Strategy("daso", nameof(Daso)), Strategy("local", nameof(Local))]
[Seeds(1, 2), Epochs(3), Link("500mbit,50us"), Target("accuracy", AtLeast = 0.9)]
public sealed partial class WavesResNet
{
    /// <summary>Images that a rank sees in one step.</summary>
    [Params(8)]
    public int BatchPerRank { get; init; }

    private ModelSpec Network => new ResNetSpec { Depth = 18, Width = 16, Classes = 10, Stem = StemKind.SmallImage };
    private DataSpec Waves => new SyntheticImages { Size = 32, Classes = 10, TrainSamples = 640, HeldOutSamples = 64, BatchPerRank = BatchPerRank };
    private OptimizerSpec Sgd => new SgdSpec(Momentum: 0.9, WeightDecay: 1e-4);
    private LearningRateSpec Rate => new ConstantRateSpec(0.01);
    private StrategySpec Ddp => new DdpSpec();
    private StrategySpec Daso => new DasoSpec { Schedule = new DasoSettings { WarmupEpochs = 1, CooldownEpochs = 1 } };
    private StrategySpec Local => new LocalSgdSpec { Interval = 4 };
}
