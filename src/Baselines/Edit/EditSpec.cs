using Daso.Communication;
using Daso.Optimization;
using Daso.Specification;
using Daso.Strategies;

namespace Daso.Baselines;

/// <summary>How EDiT makes one pseudo-gradient of the workers'.</summary>
public enum PseudoGradientReduction
{
    /// <summary>The weighted mean.</summary>
    Linear,

    /// <summary>Element by element, the weighted mean of those workers whose sign is that of the weighted sum.</summary>
    ConsensusBySum,

    /// <summary>Element by element, the weighted mean of those workers whose sign is that of most workers; of equally many, the positive.</summary>
    ConsensusByCount,
}

/// <summary>
/// EDiT (Cheng et al., arXiv 2412.07210), by the rules of atorch's local_sgd: every few steps the change of each parameter is a
/// pseudo-gradient; a worker whose change is far out of its own past is left out, the others weigh less the larger their change is, and an
/// outer optimizer takes the step. A-EDiT is the form with <see cref="Seconds"/>. docs/strategies/edit.md.
/// </summary>
[Specification("edit")]
public sealed partial record EditSpec : WorkerSpec
{
    /// <summary>Steps from one synchronisation to the next; with <see cref="Seconds"/> what predictions take them to be.</summary>
    [AtLeast(1)]
    public int Period { get; init; } = 100;

    /// <summary>Steps before the first; the period counts from here, with a synchronisation in this step.</summary>
    [AtLeast(0)]
    public int WarmupSteps { get; init; }

    /// <summary>
    /// A-EDiT: synchronises when a rank finds that so many seconds have passed since the last time, in the step after; null: by steps. Runs of
    /// one seed then differ.
    /// </summary>
    [AtLeast(0)]
    public double? Seconds { get; init; }

    /// <summary>How the workers' pseudo-gradients become one.</summary>
    public PseudoGradientReduction Reduction { get; init; } = PseudoGradientReduction.Linear;

    /// <summary>T: workers weigh softmax(−‖Δ‖/T), parameter by parameter; null: all the same.</summary>
    [Above(0)]
    public double? Temperature { get; init; } = 1;

    /// <summary>Whether a worker is left out whose norm is more than three deviations above its mean; see <see cref="NormAnomaly"/>.</summary>
    public bool SkipAnomalies { get; init; } = true;

    /// <summary>Synchronisations in which an anomaly is not looked for.</summary>
    [AtLeast(2)]
    public int AnomalyWarmup { get; init; } = 120;

    /// <summary>The largest norm of the whole reduced pseudo-gradient; larger ones are scaled down. Null: no limit.</summary>
    [Above(0)]
    public double? MaximumNorm { get; init; }

    /// <summary>The outer optimizer; Nesterov's momentum of 0.8 in atorch's documentation.</summary>
    public OptimizerSpec Outer { get; init; } = new SgdSpec(Momentum: 0.8, WeightDecay: 0) { Nesterov = true };

    /// <summary>The outer optimizer's rate.</summary>
    [Above(0)]
    public double OuterLearningRate { get; init; } = 0.7;

    /// <inheritdoc />
    public override StrategySpec ForWarmup() => this with
    {
        Period = Math.Min(Period, 2),
        WarmupSteps = Math.Min(WarmupSteps, 1),
        Seconds = Seconds is null ? null : 0,
    };

    /// <inheritdoc />
    public override bool FollowsTimings => Seconds is not null;

    /// <inheritdoc />
    public override StrategyPolicy Policy => new("changes", "own, and one outer", StrategyPolicy.Own, "8·n and the outer state");

    /// <inheritdoc />
    public override IStrategy Create(StrategyContext context)
    {
        Validate();
        return new Edit(this, context);
    }

    /// <summary>
    /// A consensus sums signs before it sums changes. The norms that are exchanged, a number a parameter, and A-EDiT's vote are too few to
    /// count.
    /// </summary>
    public override IReadOnlyList<StepProgram> Programs(ProgramScope scope) =>
    [
        StepProgram.Periodic(
            TrafficInNode,
            Period,
            step => step == 0
                ? new ProgramExchange(
                    ProgramGroup.World,
                    Reduction == PseudoGradientReduction.Linear ? scope.Elements : 2 * scope.Elements,
                    WireFormat.Float32)
                : null),
    ];
}
