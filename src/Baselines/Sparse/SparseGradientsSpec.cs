using Daso.Communication;
using Daso.Specification;
using Daso.Strategies;

namespace Daso.Baselines;

/// <summary>Which elements of a gradient a rank sends.</summary>
public enum SparseSelection
{
    /// <summary>Those of the largest magnitude, parameter by parameter; every rank its own. Index and value travel.</summary>
    TopK,

    /// <summary>One of each stretch of equal length, drawn anew in every step, the same on all ranks. Only values travel.</summary>
    RandomK,
}

/// <summary>
/// Sparse gradients with error feedback (Stich et al., Sparsified SGD with Memory, NeurIPS 2018, arXiv 1809.07599; Aji and Heafield,
/// EMNLP 2017): a rank sends a share of its gradient and keeps the rest for its next step. docs/strategies/sparse-gradients.md.
/// </summary>
[Specification("sparseGradients")]
public sealed partial record SparseGradientsSpec : StrategySpec
{
    /// <summary>Which elements.</summary>
    public SparseSelection Selection { get; init; } = SparseSelection.TopK;

    /// <summary>The share that is sent, of each parameter (top-k, at least one element) or of all (random-k).</summary>
    [Above(0), AtMost(1)]
    public double Density { get; init; } = 0.01;

    /// <summary>Whether what is not sent is added to the next gradient; without it, top-k may never send an element.</summary>
    public bool KeepsRest { get; init; } = true;

    /// <summary>Of random-k's draws.</summary>
    public int Seed { get; init; } = 1;

    /// <inheritdoc />
    public override bool KeepsGradients => true;

    /// <inheritdoc />
    public override StrategyPolicy Policy => new("few elements of gradients", StrategyPolicy.Same, StrategyPolicy.Own, "4·n and the elements");

    /// <inheritdoc />
    public override IStrategy Create(StrategyContext context)
    {
        Validate();
        return new SparseGradients(this, context);
    }

    /// <inheritdoc />
    public override IReadOnlyList<StepProgram> Programs(ProgramScope scope)
    {
        // A pair of top-k's is an index and a value.
        ProgramExchange exchange = Selection == SparseSelection.TopK
            ? new ProgramExchange(ProgramGroup.World, 2 * TopKExchange.CountOf(scope, Density), WireFormat.Float32)
            {
                Collective = ProgramCollective.AllGather,
            }
            : new ProgramExchange(ProgramGroup.World, Math.Max(1, (long)Math.Round(Density * scope.Elements)), WireFormat.Float32);
        return [StepProgram.Periodic(gradients: null, period: 1, _ => exchange)];
    }
}
