using Daso.Communication;
using Daso.Optimization;
using Daso.Specification;
using Daso.Strategies;

namespace Daso.Baselines;

/// <summary>
/// DiLoCo with eager updates (Kale, Douillard, Donchev, arXiv 2502.12996): the exchange of an outer step takes as long as the next inner
/// steps do. A worker takes its own pseudo-gradient at once and those of the others one outer step later. docs/strategies/diloco.md.
/// </summary>
[Specification("eagerDiLoCo")]
public sealed partial record EagerDiLoCoSpec : WorkerSpec
{
    /// <summary>H: inner steps from one outer step to the next.</summary>
    [AtLeast(1)]
    public int Period { get; init; } = 500;

    /// <summary>The outer optimizer, as DiLoCo's.</summary>
    public OptimizerSpec Outer { get; init; } = new SgdSpec(Momentum: 0.9, WeightDecay: 0) { Nesterov = true };

    /// <summary>The outer optimizer's rate.</summary>
    [Above(0)]
    public double OuterLearningRate { get; init; } = 0.7;

    /// <summary>How changes travel.</summary>
    public WireFormat Wire { get; init; } = WireFormat.Float32;

    /// <inheritdoc />
    public override StrategySpec ForWarmup() => this with { Period = Math.Min(Period, 2) };

    /// <inheritdoc />
    public override StrategyPolicy Policy => new("changes", "own, and an outer each", StrategyPolicy.Own, "16·n and the outer state");

    /// <inheritdoc />
    public override IStrategy Create(StrategyContext context)
    {
        Validate();
        return new EagerDiLoCo(this, context);
    }

    /// <inheritdoc />
    public override IReadOnlyList<StepProgram> Programs(ProgramScope scope)
    {
        var change = new ProgramExchange(ProgramGroup.World, scope.Elements, Wire);
        var steps = new ProgramStep[Period];
        Array.Fill(steps, new ProgramStep(NodeGradients, []));
        steps[^1] = steps[0] with
        {
            Actions = [new(ProgramActionKind.Wait, change, Delay: Period), new(ProgramActionKind.Start, change)],
        };
        return [new StepProgram { Gradients = TrafficInNode, Steps = steps }];
    }
}
