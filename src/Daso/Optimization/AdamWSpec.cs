using Daso.Models;
using Daso.Specification;

namespace Daso.Optimization;

/// <summary>
/// Adam with decoupled weight decay (Loshchilov and Hutter, arXiv 1711.05101), as torch.optim.AdamW: p −= lr·wd·p, then
/// p −= lr·m̂ / (√v̂ + ε) with bias-corrected means m̂ of g and v̂ of g².
/// </summary>
/// <param name="Beta1">What the mean of g keeps in a step, from 0 to below 1.</param>
/// <param name="Beta2">What the mean of g² keeps in a step, from 0 to below 1.</param>
/// <param name="Epsilon">ε, above 0.</param>
/// <param name="WeightDecay">wd, at least 0.</param>
[Specification("adamw")]
public sealed partial record AdamWSpec(
    [AtLeast(0), Below(1)] double Beta1 = 0.9,
    [AtLeast(0), Below(1)] double Beta2 = 0.999,
    [Above(0)] double Epsilon = 1e-8,
    [AtLeast(0)] double WeightDecay = 0.01) : OptimizerSpec
{
    /// <inheritdoc />
    public override IOptimizer Create(FlatTensor parameters, FlatTensor gradients)
    {
        Validate();
        return new AdamW(this, parameters, gradients);
    }
}
