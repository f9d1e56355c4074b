using Daso.Baselines;
using Daso.Data;
using Daso.Experiments;
using Daso.Models;
using Daso.Objectives;
using Daso.Optimization;
using Daso.Strategies;

namespace Daso.Suites.ForwardForward;

/// <summary>Forward-Forward learns handwritten digits, all four layers on every rank: what ff-layers is compared with.</summary>
[Experiment("ff-replicas", Suite = "forward-forward")]
[Model(nameof(Network)), Data(nameof(Digits)), Objective(nameof(Goodness)), Optimizer(nameof(Adam)), LearningRate(nameof(Rate))]
[Strategy("ddp", nameof(Ddp), Baseline = true)]
[Strategy("none", nameof(None))]
[Seeds(1, 2), Epochs(10), Target("accuracy", AtLeast = 0.85)]
[Tier("tiny", Epochs = 2)]
public sealed partial class ForwardForwardReplicas
{
    /// <summary>Units of a layer.</summary>
    [Params(500), TierParams("tiny", 100)]
    public int Width { get; init; }

    /// <summary>Images a rank and step.</summary>
    [Params(64)]
    public int BatchPerRank { get; init; }

    private ModelSpec Network => Setting.Network(Width);

    private DataSpec Digits => Setting.Digits(BatchPerRank);

    private ObjectiveSpec Goodness => Setting.Goodness;

    private OptimizerSpec Adam => Setting.Adam;

    private LearningRateSpec Rate => Setting.Rate;

    private StrategySpec Ddp => new DdpSpec();

    private StrategySpec None => new NoCommunicationSpec();
}
