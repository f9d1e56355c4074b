using Daso.Specification;
using Daso.Strategies;

namespace Daso.Baselines;

/// <summary>
/// AB-training (Coquelin, Flügel, Weiel, Kiefer, Debus, Streit, Götz, arXiv 2405.01067), of DASO's authors: after a start with whole gradients
/// each weight matrix is held as a product A·B of low rank; one half of the ranks trains A, the other B, each averaging the small gradients
/// of its factor; every so many steps both halves' matrices are averaged and trained whole for a while. docs/strategies/ab-training.md.
/// </summary>
[Specification("abTraining")]
public sealed partial record AbTrainingSpec : StrategySpec
{
    /// <summary>Steps at the start in which whole gradients are averaged.</summary>
    [AtLeast(0)]
    public int WarmupSteps { get; init; } = 9300;

    /// <summary>Steps in which the halves train their factors, from one average to the next.</summary>
    [AtLeast(1)]
    public int FactorSteps { get; init; } = 3000;

    /// <summary>Steps with whole gradients after each average.</summary>
    [AtLeast(0)]
    public int WholeSteps { get; init; } = 300;

    /// <summary>Singular values below this share of the largest are dropped when a matrix becomes a product.</summary>
    [AtLeast(0), Below(1)]
    public double Cutoff { get; init; } = 0.1;

    /// <summary>Cap in bytes of the buckets in which whole gradients are averaged.</summary>
    [AtLeast(1)]
    public long BucketBytes { get; init; } = 25 << 20;

    /// <inheritdoc />
    public override StrategySpec ForWarmup() => this with
    {
        WarmupSteps = Math.Min(WarmupSteps, 1),
        FactorSteps = 1,
        WholeSteps = Math.Min(WholeSteps, 1),
    };

    /// <inheritdoc />
    public override StrategyPolicy Policy => new("gradients, then those of factors", StrategyPolicy.Own, StrategyPolicy.Own, "a basis and the factors' gradients");

    /// <inheritdoc />
    public override IStrategy Create(StrategyContext context)
    {
        Validate();
        return new AbTraining(this, context);
    }

    /// <summary>How many of its phase's steps with factors come before step s, from 0; null: it has whole gradients.</summary>
    internal long? PlaceInFactors(long step)
    {
        long place = (step - WarmupSteps) % (FactorSteps + WholeSteps);
        return step >= WarmupSteps && place < FactorSteps ? place : null;
    }
}
