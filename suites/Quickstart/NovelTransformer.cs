using Daso.Baselines;
using Daso.Communication;
using Daso.Data;
using Daso.Experiments;
using Daso.Models;
using Daso.Optimization;
using Daso.Strategies;

namespace Daso.Suites.Quickstart;

/// <summary>A small GPT learns a novel, byte by byte.</summary>
[Experiment("novel-transformer", Suite = "quickstart")]
[Model(nameof(Network)), Data(nameof(Novel)), Optimizer(nameof(AdamW)), LearningRate(nameof(Rate))]
[Strategy("ddp", nameof(Ddp), Baseline = true)]
[Strategy("ddp-bf16", nameof(DdpBf16))]
[Strategy("horovod", nameof(Horovod))]
[Strategy("daso", nameof(Daso))]
[Strategy("none", nameof(None))]
[Link("500mbit,50us"), Seeds(1, 2), Epochs(5), Target("loss", AtMost = 2.5)]
public sealed partial class NovelTransformer
{
    private const int Context = 64;

    /// <summary>Sequences a rank and step.</summary>
    [Params(4)]
    public int SequencesPerRank { get; init; }

    /// <summary>DDP's buckets in KiB: a tenth of the model, so that backward hides what it can.</summary>
    [Params(256)]
    public int DdpBucketKib { get; init; }

    private ModelSpec Network => new TransformerSpec { Vocabulary = TextFile.Vocabulary, Context = Context, Layers = 2, Heads = 4, Width = 128 };

    private DataSpec Novel => new TextFile
    {
        File = Path.Combine(DataFolder.Of("moby-dick"), "moby-dick.txt.gz"),
        SequenceLength = Context,
        HeldOutFraction = 0.02,
        SamplesPerEpoch = 576,
        BatchPerRank = SequencesPerRank,
    };

    private OptimizerSpec AdamW => new AdamWSpec { Beta2 = 0.95 };

    private LearningRateSpec Rate => new WarmupCosineSpec { BaseRate = 2e-3, WarmupEpochs = 1, TotalEpochs = 5 };

    private DdpSpec Ddp => new() { BucketBytes = DdpBucketKib << 10, FirstBucketBytes = DdpBucketKib << 10 };

    // As DASO's blocking phases send.
    private StrategySpec DdpBf16 => Ddp with { Wire = WireFormat.BFloat16 };

    private StrategySpec Horovod => new HorovodSpec();

    private StrategySpec Daso => new DasoSpec { Schedule = new DasoSettings { WarmupEpochs = 1, CooldownEpochs = 1 } };

    private StrategySpec None => new NoCommunicationSpec();
}
