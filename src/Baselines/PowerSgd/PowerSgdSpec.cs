using Daso.Specification;
using Daso.Strategies;

namespace Daso.Baselines;

/// <summary>
/// PowerSGD (Vogels et al., NeurIPS 2019, arXiv 1905.13727) by the rules of PyTorch's powerSGD_hook: the gradient of a weight matrix is
/// exchanged as the two factors of a low-rank approximation, and what that drops is added to the next. docs/strategies/power-sgd.md.
/// </summary>
[Specification("powerSgd")]
public sealed partial record PowerSgdSpec : StrategySpec
{
    /// <summary>r: the rank of the approximation (matrix_approximation_rank).</summary>
    [AtLeast(1)]
    public int Rank { get; init; } = 1;

    /// <summary>Steps at the start in which whole gradients are averaged (start_powerSGD_iter).</summary>
    [AtLeast(0)]
    public int StartSteps { get; init; } = 1000;

    /// <summary>A matrix n × m is compressed only if (n + m)·r times this is below n·m (min_compression_rate).</summary>
    [Above(0)]
    public double MinimumRate { get; init; } = 2;

    /// <summary>Whether Q starts from the last step's (warm_start), else at random.</summary>
    public bool WarmStart { get; init; } = true;

    /// <summary>Whether what the approximation drops is added to the next gradient (use_error_feedback).</summary>
    public bool KeepsRest { get; init; } = true;

    /// <summary>Of the random Q.</summary>
    public int Seed { get; init; }

    /// <summary>Cap in bytes of the buckets in which whole gradients are averaged.</summary>
    [AtLeast(1)]
    public long BucketBytes { get; init; } = 25 << 20;

    /// <inheritdoc />
    public override bool KeepsGradients => true;

    /// <inheritdoc />
    public override IStrategy Create(StrategyContext context)
    {
        Validate();
        return new PowerSgd(this, context);
    }
}
