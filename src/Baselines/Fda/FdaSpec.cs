using Daso.Specification;
using Daso.Strategies;

namespace Daso.Baselines;

/// <summary>
/// FDA, Federated Dynamic Averaging (Theologitis et al., EDBT 2025, arXiv 2405.20988), its linear form: parameters are averaged when the
/// workers have drifted apart by more than a threshold, which every step estimates from two numbers of each. docs/strategies/fda.md.
/// </summary>
[Specification("fda")]
public sealed partial record FdaSpec : StrategySpec
{
    /// <summary>Θ: the variance of the workers' models above which they are averaged. The authors' for LeNet-5 are 0.5 to 7, VGG16 20 to 100.</summary>
    [AtLeast(0)]
    public double Threshold { get; init; } = 1;

    /// <summary>Of the first direction ξ, which is drawn at random.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>Whether the ranks of a node are one worker, whose gradients are averaged in every step; else each rank is a worker.</summary>
    public bool NodeGradients { get; init; } = true;

    /// <summary>Cap in bytes of the buckets in which they are averaged.</summary>
    [AtLeast(1)]
    public long BucketBytes { get; init; } = 25 << 20;

    /// <inheritdoc />
    public override StrategyPolicy Policy => new("parameters", StrategyPolicy.Own, StrategyPolicy.Own, "12·n");

    /// <inheritdoc />
    public override IStrategy Create(StrategyContext context)
    {
        Validate();
        return new Fda(this, context);
    }
}
