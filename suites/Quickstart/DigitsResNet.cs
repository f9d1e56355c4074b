using Daso.Baselines;
using Daso.Communication;
using Daso.Data;
using Daso.Experiments;
using Daso.Models;
using Daso.Optimization;
using Daso.Strategies;

namespace Daso.Suites.Quickstart;

/// <summary>A small ResNet-18 learns handwritten digits.</summary>
[Experiment("digits-resnet18", Suite = "quickstart")]
[Model(nameof(Network)), Data(nameof(Digits)), Optimizer(nameof(Sgd)), LearningRate(nameof(Rate))]
[Strategy("ddp", nameof(Ddp), Baseline = true)]
[Strategy("ddp-bf16", nameof(DdpBf16))]
[Strategy("horovod", nameof(Horovod))]
[Strategy("daso", nameof(Daso))]
[Strategy("none", nameof(None))]
[Link("500mbit,50us"), Seeds(1, 2, 3), Epochs(5), Target("accuracy", AtLeast = 0.94)]
public sealed partial class DigitsResNet
{
    /// <summary>Images a rank and step.</summary>
    [Params(16)]
    public int BatchPerRank { get; init; }

    /// <summary>DDP's buckets in KiB: a tenth of the model, so that backward hides what it can.</summary>
    [Params(256)]
    public int DdpBucketKib { get; init; }

    private ModelSpec Network => new ResNetSpec { Depth = 18, InputChannels = 1, Width = 16, Classes = 10 };

    private DataSpec Digits => new IdxImages { Folder = DataFolder.Of("mnist-10k"), Classes = 10, SamplesPerEpoch = 1536, BatchPerRank = BatchPerRank };

    private OptimizerSpec Sgd => new SgdSpec(Momentum: 0.9, WeightDecay: 1e-4);

    private LearningRateSpec Rate => new WarmupCosineSpec { BaseRate = 0.0125, ScaleWithRanks = true, WarmupEpochs = 1, TotalEpochs = 5 };

    private DdpSpec Ddp => new() { BucketBytes = DdpBucketKib << 10, FirstBucketBytes = DdpBucketKib << 10 };

    // As DASO's blocking phases send.
    private StrategySpec DdpBf16 => Ddp with { Wire = WireFormat.BFloat16 };

    private StrategySpec Horovod => new HorovodSpec();

    private StrategySpec Daso => new DasoSpec { Schedule = new DasoSettings { WarmupEpochs = 1, CooldownEpochs = 1 } };

    private StrategySpec None => new NoCommunicationSpec();
}
