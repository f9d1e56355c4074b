using Daso.Optimization;
using Daso.Specification;
using Daso.Strategies;

namespace Daso.Baselines;

/// <summary>
/// 0/1 Adam (Lu et al., ICLR 2023, arXiv 2202.06009) by the rules of DeepSpeed's ZeroOneAdam: gradients are averaged at one bit an element
/// but in the ever rarer steps that update the variance; once that is frozen, ranks go on alone and average the sum of their steps at one
/// bit, ever more rarely. docs/strategies/one-bit-adam.md.
/// </summary>
[Specification("zeroOneAdam")]
public sealed partial record ZeroOneAdamSpec : StrategySpec
{
    /// <summary>The last step in which the variance may be updated (var_freeze_step); usually the end of the learning rate's warm-up.</summary>
    [AtLeast(1)]
    public int VarianceFreezeStep { get; init; } = 100_000;

    /// <summary>κ: updates of the variance after which the steps between two of them double (var_update_scaler).</summary>
    [AtLeast(1)]
    public int VarianceUpdates { get; init; } = 16;

    /// <summary>Local steps after which the steps between two synchronisations double (local_step_scaler; 32678 as the code has it).</summary>
    [AtLeast(1)]
    public int LocalSteps { get; init; } = 32_678;

    /// <summary>H: the most steps between two synchronisations (local_step_clipper).</summary>
    [AtLeast(1)]
    public int MaximumInterval { get; init; } = 16;

    /// <summary>β₁: what the momentum keeps in a step.</summary>
    [AtLeast(0), Below(1)]
    public double Beta1 { get; init; } = 0.9;

    /// <summary>β₂: what the variance keeps in an update.</summary>
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
    public override StrategyPolicy Policy => new("gradients, then changes in 1 bit", "own between synchronisations", StrategyPolicy.Own, "20·n and messages");

    /// <inheritdoc />
    public override StrategySpec ForWarmup() => this with { VarianceFreezeStep = Math.Min(VarianceFreezeStep, 2), VarianceUpdates = 1, LocalSteps = 1 };

    /// <inheritdoc />
    public override IStrategy Create(StrategyContext context)
    {
        Validate();
        return new ZeroOneAdam(this, context);
    }

    /// <summary>The two phases with their intervals at the longest: no step with a whole gradient, and H steps alone.</summary>
    public override IReadOnlyList<StepProgram> Programs(ProgramScope scope)
    {
        ProgramStep synchronised = Step(ZeroOneAction.Synchronise, scope), alone = Step(ZeroOneAction.Alone, scope);
        return
        [
            new() { Phase = "local", Steps = [synchronised, .. Enumerable.Repeat(alone, MaximumInterval - 1)] },
            new() { Phase = "gradients", Steps = [Step(ZeroOneAction.OneBitGradient, scope)] },
        ];
    }

    /// <inheritdoc />
    public override StepProgram? TrainingProgram(ProgramScope scope, IReadOnlyList<double> losses, int stepsPerEpoch)
    {
        var schedule = new ZeroOneSchedule(this);
        var stepOf = Enum.GetValues<ZeroOneAction>().ToDictionary(action => action, action => Step(action, scope));
        var steps = new ProgramStep[losses.Count * stepsPerEpoch];
        for (int i = 0; i < steps.Length; i++)
        {
            steps[i] = stepOf[schedule.Action];
            schedule.Advance();
        }

        return new StepProgram { Gradients = BucketedGradients.InFloat32(ProgramGroup.World, BucketBytes), Steps = steps };
    }

    private static ProgramStep Step(ZeroOneAction action, ProgramScope scope) => action switch
    {
        ZeroOneAction.WholeGradient => ProgramStep.GradientsAlone,
        ZeroOneAction.Alone => ProgramStep.Exchanging(sendsGradients: false),
        _ => ProgramStep.Exchanging(sendsGradients: false, OneBitAverage.Exchanges(scope)),
    };
}
