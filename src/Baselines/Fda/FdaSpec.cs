using Daso.Communication;
using Daso.Specification;
using Daso.Strategies;

namespace Daso.Baselines;

/// <summary>From what the workers' variance is estimated.</summary>
public enum FdaEstimate
{
    /// <summary>Two numbers of each worker.</summary>
    Linear,

    /// <summary>An AMS sketch of each worker's drift, 5 × 250 numbers.</summary>
    Sketch,
}

/// <summary>
/// FDA, Federated Dynamic Averaging (Theologitis et al., EDBT 2025, arXiv 2405.20988): parameters are averaged when the workers have
/// drifted apart by more than a threshold, which every step estimates. docs/strategies/fda.md.
/// </summary>
[Specification("fda")]
public sealed partial record FdaSpec : WorkerSpec
{
    /// <summary>Θ: the variance of the workers' models above which they are averaged. The authors' for LeNet-5 are 0.5 to 7, VGG16 20 to 100.</summary>
    [AtLeast(0)]
    public double Threshold { get; init; } = 1;

    /// <summary>Of the first direction ξ, or of the sketch's signs, which are drawn at random.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>From what the variance is estimated.</summary>
    [OmittedWhen(FdaEstimate.Linear)]
    public FdaEstimate Estimate { get; init; }

    /// <summary>The share of steps that average, for predictions, which cannot know it.</summary>
    [Above(0), AtMost(1), NotInHash("only predictions use it")]
    public double ExpectedShare { get; init; } = 0.02;

    /// <inheritdoc />
    public override StrategySpec ForWarmup() => this with { Threshold = 0 };

    /// <inheritdoc />
    public override StrategyPolicy Policy => new("parameters", StrategyPolicy.Own, StrategyPolicy.Own, Estimate == FdaEstimate.Sketch ? "13·n" : "12·n");

    /// <inheritdoc />
    public override IStrategy Create(StrategyContext context)
    {
        Validate();
        return new Fda(this, context);
    }

    /// <summary>The averages, of which nobody knows when they come, as if they came at equal distances.</summary>
    public override IReadOnlyList<StepProgram> Programs(ProgramScope scope)
    {
        var estimate = new ProgramExchange(
            ProgramGroup.World, Estimate == FdaEstimate.Linear ? 2 : DriftSketch.NumbersWithNorm, WireFormat.Float32);
        var average = new ProgramExchange(ProgramGroup.World, scope.Elements, WireFormat.Float32);
        int period = (int)Math.Min(Math.Round(1 / ExpectedShare), 1 << 16);
        return
        [
            new()
            {
                Gradients = TrafficInNode,
                Steps = [.. Enumerable.Range(1, period).Select(step =>
                    ProgramStep.Exchanging(NodeGradients, step == period ? [estimate, average] : [estimate]))],
            },
        ];
    }
}
