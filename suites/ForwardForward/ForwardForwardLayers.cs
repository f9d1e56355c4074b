using Daso.Baselines;
using Daso.Data;
using Daso.Experiments;
using Daso.Models;
using Daso.Objectives;
using Daso.Optimization;
using Daso.Strategies;

namespace Daso.Suites.ForwardForward;

/// <summary>Forward-Forward learns handwritten digits, each of four layers trained by a rank of its own.</summary>
[Experiment("ff-layers", Suite = "forward-forward")]
[Model(nameof(Network)), Data(nameof(Digits)), Objective(nameof(Goodness)), Optimizer(nameof(Adam)), LearningRate(nameof(Rate))]
[Strategy("owners", nameof(Owners), Baseline = true)]
[Strategy("owners-late", nameof(OwnersLate))]
[Seeds(1, 2), Epochs(40), Target("accuracy", AtLeast = 0.85)]
[Tier("tiny", Epochs = 2)]
public sealed partial class ForwardForwardLayers
{
    /// <summary>Units of a layer.</summary>
    [Params(500), TierParams("tiny", 100)]
    public int Width { get; init; }

    /// <summary>Images a rank and step.</summary>
    [Params(64)]
    public int BatchPerRank { get; init; }

    /// <summary>Steps between two exchanges of owners-late.</summary>
    [Params(10)]
    public int Period { get; init; }

    private ModelSpec Network => Setting.Network(Width);

    private DataSpec Digits => Setting.Digits(BatchPerRank);

    private ObjectiveSpec Goodness => Setting.Goodness with { DistributesLayers = true };

    private OptimizerSpec Adam => Setting.Adam;

    private LearningRateSpec Rate => Setting.Rate;

    private StrategySpec Owners => new LayerOwnersSpec();

    private StrategySpec OwnersLate => new LayerOwnersSpec { Period = Period };
}
