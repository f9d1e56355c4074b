using Daso.Baselines;
using Daso.Data;
using Daso.Experiments;
using Daso.Models;
using Daso.Optimization;
using Daso.Strategies;
using Daso.Suites.Quickstart;

namespace Daso.Suites.Moments;

/// <summary>What DASO makes of AdamW's means and squares, on the quickstart's Transformer.</summary>
[Experiment("novel-moments", Suite = "moments")]
[Model(nameof(Network)), Data(nameof(Novel)), Optimizer(nameof(AdamW)), LearningRate(nameof(Rate))]
[Strategy("ddp", nameof(Ddp), Baseline = true)]
[Strategy("keep", nameof(Keep))]
[Strategy("average", nameof(Average))]
[Strategy("average-3-6", nameof(AverageSeldom))]
[Strategy("reset", nameof(Reset))]
[Strategy("differences", nameof(Differences))]
[Strategy("differences-average", nameof(DifferencesAverage))]
[Strategy("blocking", nameof(Blocking))]
[Seeds(1, 2, 3, 4, 5), Epochs(NovelWorkload.Epochs), Target("loss", AtMost = 2.5)]
public sealed partial class NovelMoments
{
    /// <summary>Sequences a rank and step.</summary>
    [Params(4)]
    public int SequencesPerRank { get; init; }

    /// <summary>What the learning rate is multiplied by.</summary>
    [Params(1.0)]
    public double RateScale { get; init; }

    private ModelSpec Network => NovelWorkload.Network;

    private DataSpec Novel => NovelWorkload.Data(SequencesPerRank);

    private OptimizerSpec AdamW => NovelWorkload.Optimizer;

    private LearningRateSpec Rate => NovelWorkload.Rate with { BaseRate = RateScale * NovelWorkload.Rate.BaseRate };

    private StrategySpec Ddp => new DdpSpec();

    private DasoSpec Keep => new() { Schedule = new DasoSettings { WarmupEpochs = 1, CooldownEpochs = 1 } };

    private StrategySpec Average => Keep with { MomentumAtMerge = MomentumAtMerge.Average };

    // As DES-LOC has it.
    private StrategySpec AverageSeldom => Keep with { MomentumAtMerge = MomentumAtMerge.Average, MomentumPeriod = 3, SquarePeriod = 6 };

    private StrategySpec Reset => Keep with { MomentumAtMerge = MomentumAtMerge.Reset };

    private DasoSpec Differences => Keep with { Merge = DasoMerge.Differences };

    private StrategySpec DifferencesAverage => Differences with { MomentumAtMerge = MomentumAtMerge.Average };

    private StrategySpec Blocking => Keep with { Schedule = Keep.Schedule with { WarmupEpochs = 10, CooldownEpochs = 0 } };
}
