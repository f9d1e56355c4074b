using Daso.Models;
using Daso.Specification;

namespace Daso.Optimization;

/// <summary>Stochastic gradient descent with momentum and weight decay: g += wd·p, v := m·v + g, p −= lr·v, as torch.optim.SGD.</summary>
/// <param name="Momentum">m, from 0 to below 1.</param>
/// <param name="WeightDecay">wd, at least 0.</param>
[Specification("sgd")]
public sealed partial record SgdSpec([AtLeast(0), Below(1)] double Momentum, [AtLeast(0)] double WeightDecay) : OptimizerSpec
{
    /// <inheritdoc />
    public override IOptimizer Create(Replica replica)
    {
        Validate();
        return new Sgd(this, replica);
    }
}
