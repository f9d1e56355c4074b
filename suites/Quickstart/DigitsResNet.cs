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
[Strategy("daso-bf16", nameof(DasoBf16))]
[Strategy("none", nameof(None))]
[Link("500mbit,50us"), Seeds(1, 2, 3), Epochs(DigitsWorkload.Epochs), Target("accuracy", AtLeast = 0.94)]
public sealed partial class DigitsResNet
{
    /// <summary>Images a rank and step.</summary>
    [Params(16)]
    public int BatchPerRank { get; init; }

    /// <summary>DDP's buckets in KiB: a tenth of the model, so that backward hides what it can.</summary>
    [Params(256)]
    public int DdpBucketKib { get; init; }

    private ModelSpec Network => DigitsWorkload.Network;

    private DataSpec Digits => DigitsWorkload.Data(BatchPerRank);

    private OptimizerSpec Sgd => DigitsWorkload.Optimizer;

    private LearningRateSpec Rate => DigitsWorkload.Rate;

    private DdpSpec Ddp => new() { BucketBytes = DdpBucketKib << 10, FirstBucketBytes = DdpBucketKib << 10 };

    // As DASO's blocking phases send.
    private StrategySpec DdpBf16 => Ddp with { Wire = WireFormat.BFloat16 };

    private StrategySpec Horovod => new HorovodSpec();

    // 80 % of the epochs are cycling, as in the paper's trainings.
    private DasoSpec Daso => new() { Schedule = new DasoSettings { WarmupEpochs = 1, CooldownEpochs = 1 } };

    private StrategySpec DasoBf16 => Daso with { CyclingWire = WireFormat.BFloat16 };

    private StrategySpec None => new NoCommunicationSpec();
}
