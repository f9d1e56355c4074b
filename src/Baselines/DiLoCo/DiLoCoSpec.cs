using Daso.Communication;
using Daso.Optimization;
using Daso.Specification;
using Daso.Strategies;

namespace Daso.Baselines;

/// <summary>
/// DiLoCo (Douillard et al., arXiv 2311.08105), and with fragments its streaming form (arXiv 2501.18512), by the rules of torchft: every H
/// inner steps the change of the parameters is averaged and taken as a gradient by an outer optimizer. With P fragments one of them is
/// synchronised every H/P steps; with a delay the exchange runs beside the computation. docs/strategies/diloco.md.
/// </summary>
[Specification("diLoCo")]
public sealed partial record DiLoCoSpec : WorkerSpec
{
    /// <summary>H: inner steps from one synchronisation of a parameter to its next; a multiple of <see cref="Fragments"/>.</summary>
    [AtLeast(1)]
    public int Period { get; init; } = 500;

    /// <summary>P: the parts of the model that are synchronised in turn; 1: the whole model at once.</summary>
    [AtLeast(1)]
    public int Fragments { get; init; } = 1;

    /// <summary>τ: steps from the start of an exchange to the use of its result; below H/P.</summary>
    [AtLeast(0)]
    public int Delay { get; init; }

    /// <summary>α: what a rank keeps of its own parameters at a synchronisation; 0: nothing, 1: all.</summary>
    [AtLeast(0), AtMost(1)]
    public double Mixing { get; init; }

    /// <summary>The outer optimizer; the paper's is Nesterov's momentum of 0.9.</summary>
    public OptimizerSpec Outer { get; init; } = new SgdSpec(Momentum: 0.9, WeightDecay: 0) { Nesterov = true };

    /// <summary>The outer optimizer's rate; 0.7 in the paper, 0.4 in its streaming form.</summary>
    [Above(0)]
    public double OuterLearningRate { get; init; } = 0.7;

    /// <summary>How changes travel.</summary>
    public WireFormat Wire { get; init; } = WireFormat.Float32;

    /// <inheritdoc />
    public override StrategySpec ForWarmup() => Math.Min(Period / Fragments, 2) is var interval
        ? this with { Period = interval * Fragments, Delay = Math.Min(Delay, interval - 1) }
        : this;

    /// <inheritdoc />
    public override StrategyPolicy Policy => new("changes", "own, and one outer", StrategyPolicy.Own, Outer is SgdSpec { Momentum: not 0 } ? "12·n" : "8·n and the outer state");

    /// <inheritdoc />
    public override IStrategy Create(StrategyContext context)
    {
        Validate();
        return new DiLoCo(this, context);
    }

    /// <inheritdoc />
    public override IReadOnlyList<StepProgram> Programs(ProgramScope scope)
    {
        // A worker of a node is all of its ranks, each of which sends what it has of the fragment.
        var fragment = new ProgramExchange(ProgramGroup.World, scope.Elements / Fragments, Wire);
        int interval = Period / Fragments;
        GradientTraffic? gradients = TrafficInNode;
        if (Delay == 0)
            return [StepProgram.Periodic(gradients, interval, step => step == interval - 1 ? fragment : null)];
        var steps = new ProgramStep[interval];
        Array.Fill(steps, new ProgramStep(gradients is not null, []));
        steps[^1] = steps[0] with { Actions = [new(ProgramActionKind.Wait, fragment, Delay: Delay)] };
        steps[interval - 1 - Delay] = steps[0] with { Actions = [new(ProgramActionKind.Start, fragment)] };
        return [new StepProgram { Gradients = gradients, Steps = steps }];
    }

    partial void ValidateTogether()
    {
        if (Period % Fragments != 0)
            throw new UserErrorException($"DiLoCo with {nameof(Period)} {Period} and {nameof(Fragments)} {Fragments}: make the period a multiple");
        if (Delay >= Period / Fragments)
        {
            throw new UserErrorException(
                $"DiLoCo with {nameof(Delay)} {Delay}: an exchange must end before the next begins, {Period / Fragments} steps later; take less");
        }
    }
}
