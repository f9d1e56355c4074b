using Daso.Models;
using Daso.Specification;

namespace Daso.Optimization;

/// <summary>
/// Muon (Jordan et al., kellerjordan.github.io/posts/muon, 2024) with the settings of MuLoCo's code (facebookresearch/MuLoCo): for each
/// matrix [out, in] a momentum v := m·v + g, made orthogonal by Newton and Schulz, p −= lr·wd·p, p −= lr·√(out/in)·orthogonal(v). All else
/// is AdamW's, at the same rate. The model's first and last part, which are embedding and head, count as all else.
/// </summary>
[Specification("muon")]
public sealed partial record MuonSpec : OptimizerSpec
{
    /// <summary>m.</summary>
    [AtLeast(0), Below(1)]
    public double Momentum { get; init; } = 0.95;

    /// <summary>wd, of matrices.</summary>
    [AtLeast(0)]
    public double WeightDecay { get; init; } = 0.01;

    /// <summary>Whether g + m·v is made orthogonal in place of v.</summary>
    public bool Nesterov { get; init; }

    /// <summary>Whether the matrices of the model's first and last part are AdamW's, too.</summary>
    public bool SparesEnds { get; init; } = true;

    /// <summary>What updates all else.</summary>
    public AdamWSpec Others { get; init; } = new(Beta1: 0.9, Beta2: 0.95);

    /// <inheritdoc />
    public override IOptimizer Create(Replica replica)
    {
        Validate();
        return new Muon(this, replica);
    }

    /// <exception cref="UserErrorException">Always: without a replica there are no matrices.</exception>
    public override IOptimizer Create(FlatTensor parameters, FlatTensor gradients) =>
        throw new UserErrorException($"{nameof(MuonSpec)} updates matrices, and a flat copy of parameters has none: take another outer optimizer");
}
