using Daso.Baselines;
using Daso.Data;
using Daso.Experiments;
using Daso.Models;
using Daso.Objectives;
using Daso.Optimization;
using Daso.Strategies;

namespace Daso.Suites.Gpt2;

/// <summary>
/// GPT-2 from the start on shards of tokens, OpenWebText's or FineWeb's: 600 times 480,000 sequences of 1024 tokens, AdamW, the common recipe
/// of nanoGPT. With 480 sequences a step over all ranks that is its 600,000 steps.
/// </summary>
[Experiment("gpt2", Suite = "gpt2")]
[Model(nameof(Network)), Data(nameof(Tokens)), Objective(nameof(Objective)), Optimizer(nameof(Optimizer)), LearningRate(nameof(Rate))]
[Strategy("ddp", nameof(Ddp), Baseline = true)]
[Strategy("horovod", nameof(Horovod))]
[Strategy("daso", nameof(Daso))]
[Strategy("none", nameof(None))]
[Seeds(1), Epochs(600), Target("loss", AtMost = 2.85)]
[Tier("tiny", Epochs = 2)]
public sealed partial class Gpt2OpenWebText
{
    /// <summary>Folder with shards of GPT-2's tokens, train*.bin and val*.bin, as nanoGPT's or llm.c's scripts make them.</summary>
    [Params("tokens", Option = "data")]
    public string DataFolder { get; init; } = "";

    /// <summary>Which network.</summary>
    [Params(Gpt2Size.Small), TierParams("tiny", Gpt2Size.Tiny)]
    public Gpt2Size Size { get; init; }

    /// <summary>Tokens of a sequence.</summary>
    [Params(1024), TierParams("tiny", 32)]
    public int Context { get; init; }

    /// <summary>Sequences a rank and step.</summary>
    [Params(40, Option = "batch"), TierParams("tiny", 2)]
    public int BatchPerRank { get; init; }

    /// <summary>Parts that a rank's sequences are learnt in, one after the other.</summary>
    [Params(5), TierParams("tiny", 2)]
    public int MicroBatches { get; init; }

    /// <summary>Sequences of an epoch over all ranks.</summary>
    [Params(480_000), TierParams("tiny", 48)]
    public int SequencesPerEpoch { get; init; }

    /// <summary>The learning rate after the warm-up.</summary>
    [Params(6e-4), TierParams("tiny", 5e-3)]
    public double PeakRate { get; init; }

    /// <summary>The learning rate at the end.</summary>
    [Params(6e-5)]
    public double MinimumRate { get; init; }

    /// <summary>Epochs in which the learning rate rises linearly.</summary>
    [Params(2), TierParams("tiny", 1)]
    public int RateWarmup { get; init; }

    /// <summary>Epochs after which the learning rate is at its end.</summary>
    [Params(600), TierParams("tiny", 2)]
    public int RateEpochs { get; init; }

    /// <summary>Weight decay of AdamW.</summary>
    [Params(0.1)]
    public double WeightDecay { get; init; }

    /// <summary>The largest norm of a rank's gradients.</summary>
    [Params(1.0)]
    public double MaximumNorm { get; init; }

    /// <summary>DASO's largest number of batches from one global synchronisation to the next.</summary>
    [Params(4)]
    public int MaxGlobalSkips { get; init; }

    /// <summary>DASO's blocking epochs at the start.</summary>
    [Params(4), TierParams("tiny", 1)]
    public int DasoWarmup { get; init; }

    /// <summary>DASO's blocking epochs at the end.</summary>
    [Params(5), TierParams("tiny", 0)]
    public int DasoCooldown { get; init; }

    private ModelSpec Network => Size switch
    {
        Gpt2Size.Tiny => new Gpt2Spec { Layers = 2, Heads = 2, Width = 32, Context = Context },
        Gpt2Size.Medium => Gpt2Spec.Medium with { Context = Context },
        Gpt2Size.Large => Gpt2Spec.Large with { Context = Context },
        Gpt2Size.ExtraLarge => Gpt2Spec.ExtraLarge with { Context = Context },
        _ => Gpt2Spec.Small with { Context = Context },
    };

    private DataSpec Tokens => new TokenFiles
    {
        Folder = DataFolder,
        SequenceLength = Context,
        BatchPerRank = BatchPerRank,
        SamplesPerEpoch = SequencesPerEpoch,
    };

    private ObjectiveSpec Objective => new CrossEntropySpec { MicroBatches = MicroBatches };

    private OptimizerSpec Optimizer => new ClippedSpec
    {
        Optimizer = new AdamWSpec { Beta2 = 0.95, WeightDecay = WeightDecay },
        MaximumNorm = MaximumNorm,
    };

    private LearningRateSpec Rate => new WarmupCosineSpec
    {
        BaseRate = PeakRate,
        MinimumRate = MinimumRate,
        WarmupEpochs = RateWarmup,
        TotalEpochs = RateEpochs,
    };

    private StrategySpec Ddp => new DdpSpec();

    private StrategySpec Horovod => new HorovodSpec();

    private StrategySpec Daso => new DasoSpec
    {
        Schedule = new DasoSettings { MaxGlobalSkips = MaxGlobalSkips, WarmupEpochs = DasoWarmup, CooldownEpochs = DasoCooldown },
    };

    private StrategySpec None => new NoCommunicationSpec();
}
