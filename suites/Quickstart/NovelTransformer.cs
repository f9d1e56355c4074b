using Daso.Baselines;
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

    private StrategySpec Ddp => new DdpSpec();

    private StrategySpec Horovod => new HorovodSpec();

    private StrategySpec Daso => new DasoSpec { Schedule = new DasoSettings { WarmupEpochs = 1, CooldownEpochs = 1 } };

    private StrategySpec None => new NoCommunicationSpec();
}
