using Daso.Models;
using Daso.Specification;

namespace Daso.Optimization;

/// <summary>
/// Stochastic gradient descent with momentum and weight decay: g += wd·p, v := m·v + g, p −= lr·v, or p −= lr·(g + m·v) with Nesterov's
/// momentum, as torch.optim.SGD without dampening.
/// </summary>
/// <param name="Momentum">m, from 0 to below 1.</param>
/// <param name="WeightDecay">wd, at least 0.</param>
[Specification("sgd")]
public sealed partial record SgdSpec([AtLeast(0), Below(1)] double Momentum, [AtLeast(0)] double WeightDecay) : OptimizerSpec
{
    /// <summary>Whether the step looks ahead along the momentum (Nesterov); off by default.</summary>
    [OmittedWhen(false)]
    public bool Nesterov { get; init; }

    /// <inheritdoc />
    public override IOptimizer Create(FlatTensor parameters, FlatTensor gradients)
    {
        Validate();
        return new Sgd(this, parameters, gradients);
    }
}
