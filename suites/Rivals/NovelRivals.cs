using Daso.Baselines;
using Daso.Data;
using Daso.Experiments;
using Daso.Models;
using Daso.Optimization;
using Daso.Strategies;
using Daso.Suites.Quickstart;

namespace Daso.Suites.Rivals;

/// <summary>The quickstart's GPT on a novel under every strategy that fits.</summary>
[Experiment("novel-rivals", Suite = "rivals")]
[Model(nameof(Network)), Data(nameof(Novel)), Optimizer(nameof(AdamW)), LearningRate(nameof(Rate))]
[Strategy("ddp", nameof(Ddp), Baseline = true), Strategy("ddp-bf16", nameof(DdpBf16))]
[Strategy("horovod", nameof(Horovod)), Strategy("horovod-bf16", nameof(HorovodBf16))]
[Strategy("daso", nameof(Daso)), Strategy("daso-bf16", nameof(DasoBf16))]
[Strategy("daso-auto", nameof(DasoAuto))]
[Strategy("daso-differences", nameof(DasoDifferences))]
[Strategy("post-local-sgd", nameof(PostLocal))]
[Strategy("hierarchical", nameof(Hierarchical))]
[Strategy("slowmo", nameof(SlowMo))]
[Strategy("diloco", nameof(DiLoCo)), Strategy("diloco-bf16", nameof(DiLoCoBf16))]
[Strategy("diloco-streaming", nameof(Streaming))]
[Strategy("diloco-eager", nameof(EagerDiLoCo))]
[Strategy("des-loc", nameof(DesLoc))]
[Strategy("edit", nameof(Edit))]
[Strategy("fda", nameof(Fda))]
[Strategy("gossip", nameof(GossipRing)), Strategy("gossip-bf16", nameof(GossipBf16))]
[Strategy("push-sum", nameof(PushSum))]
[Strategy("push-sum-overlapped", nameof(OverlapSgp))]
[Strategy("random-pairs", nameof(RandomPairs))]
[Strategy("power-sgd", nameof(PowerSgd))]
[Strategy("top-k", nameof(TopK))]
[Strategy("sparse-loco", nameof(SparseLoCo))]
[Strategy("one-bit-adam", nameof(OneBitAdam))]
[Strategy("zero-one-adam", nameof(ZeroOneAdam))]
[Strategy("demo", nameof(DeMo))]
[Strategy("flex-demo", nameof(FlexDeMo))]
[Strategy("adaptive-top-k", nameof(AdaptiveTopK))]
[Strategy("ab-training", nameof(AbTraining))]
[Strategy("decent-dp", nameof(Decent))]
[Strategy("lasgd", nameof(Lasgd))]
[Strategy("ring-averaging", nameof(RingAveraging))]
[Strategy("lsgd", nameof(Lsgd))]
[Strategy("none", nameof(None))]
[Link("500mbit,50us"), Seeds(1, 2, 3, 4, 5), Epochs(NovelWorkload.Epochs), Target("loss", AtMost = 2.5)]
[Tier("tiny", Epochs = 3)]
public sealed partial class NovelRivals : RivalStrategies
{
    /// <summary>Sequences a rank and step.</summary>
    [Params(4)]
    public int SequencesPerRank { get; init; }

    private ModelSpec Network => NovelWorkload.Network;

    private DataSpec Novel => NovelWorkload.Data(SequencesPerRank);

    private OptimizerSpec AdamW => NovelWorkload.Optimizer;

    private LearningRateSpec Rate => NovelWorkload.Rate;

    private StrategySpec Fda => new FdaSpec { Threshold = 1 };

    private StrategySpec DeMo => new DeMoSpec();

    private StrategySpec FlexDeMo => new DeMoSpec { Replication = DeMoReplication.Striding, NodeGradients = true };

    private StrategySpec OneBitAdam => new OneBitAdamSpec { FreezeSteps = 36, Beta2 = 0.95 };

    private StrategySpec ZeroOneAdam => new ZeroOneAdamSpec { VarianceFreezeStep = 36, Beta2 = 0.95 };
}
