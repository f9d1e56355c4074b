using Daso.Optimization;
using Daso.Specification;
using Daso.Strategies;

namespace Daso.Baselines;

/// <summary>
/// 1-bit Adam (Tang et al., ICML 2021, arXiv 2102.02888) by the rules of DeepSpeed's OnebitAdam: Adam on averaged gradients, until its
/// variance is frozen; then each rank's momentum is averaged at one bit an element. docs/strategies/one-bit-adam.md.
/// </summary>
[Specification("oneBitAdam")]
public sealed partial record OneBitAdamSpec : StrategySpec
{
    /// <summary>Steps of Adam before the variance is frozen (freeze_step); the authors advise 15 to 25 % of a training.</summary>
    [AtLeast(1)]
    public int FreezeSteps { get; init; } = 100_000;

    /// <summary>β₁: what the momentum keeps in a step.</summary>
    [AtLeast(0), Below(1)]
    public double Beta1 { get; init; } = 0.9;

    /// <summary>β₂: what the variance keeps in a step.</summary>
    [AtLeast(0), Below(1)]
    public double Beta2 { get; init; } = 0.999;

    /// <summary>ε.</summary>
    [Above(0)]
    public double Epsilon { get; init; } = 1e-8;

    /// <summary>Weight decay, added to the direction.</summary>
    [AtLeast(0)]
    public double WeightDecay { get; init; }

    /// <summary>Cap in bytes of the buckets in which whole gradients are averaged.</summary>
    [AtLeast(1)]
    public long BucketBytes { get; init; } = 25 << 20;

    /// <inheritdoc />
    public override bool KeepsGradients => true;

    /// <summary>The strategy makes Adam's direction; this goes along it.</summary>
    public override OptimizerSpec OwnOptimizer => new SgdSpec(Momentum: 0, WeightDecay);

    /// <inheritdoc />
    public override StrategyPolicy Policy => new("gradients, then momentum in 1 bit", StrategyPolicy.Same, StrategyPolicy.Own, "12·n and messages");

    /// <inheritdoc />
    public override StrategySpec ForWarmup() => this with { FreezeSteps = 1 };

    /// <inheritdoc />
    public override IStrategy Create(StrategyContext context)
    {
        Validate();
        return new OneBitAdam(this, context);
    }

    /// <inheritdoc />
    public override IReadOnlyList<StepProgram> Programs(ProgramScope scope) =>
        [Compressed(scope) with { Phase = "compressed" }, PostLocalSgdSpec.Start(BucketBytes)];

    /// <inheritdoc />
    public override StepProgram? TrainingProgram(ProgramScope scope, IReadOnlyList<double> losses, int stepsPerEpoch) =>
        StepProgram.InTurn(PostLocalSgdSpec.Start(BucketBytes), FreezeSteps, Compressed(scope), losses.Count * stepsPerEpoch);

    private static StepProgram Compressed(ProgramScope scope) =>
        new() { Steps = [ProgramStep.Exchanging(sendsGradients: false, OneBitAverage.Exchanges(scope))] };
}
