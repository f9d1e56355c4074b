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
public sealed record AdamWSpec(double Beta1 = 0.9, double Beta2 = 0.999, double Epsilon = 1e-8, double WeightDecay = 0.01) : OptimizerSpec
{
    /// <inheritdoc />
    /// <exception cref="UserErrorException">A setting out of its range.</exception>
    public override void Validate()
    {
        if (!(Beta1 is >= 0 and < 1 && Beta2 is >= 0 and < 1))
            throw new UserErrorException(FormattableString.Invariant($"AdamW with Beta1 {Beta1}, Beta2 {Beta2}: take them from 0 to below 1"));
        if (!(Epsilon is > 0 and < double.PositiveInfinity))
            throw new UserErrorException(FormattableString.Invariant($"AdamW with Epsilon {Epsilon}: take one above 0"));
        if (!(WeightDecay is >= 0 and < double.PositiveInfinity))
            throw new UserErrorException(FormattableString.Invariant($"AdamW with WeightDecay {WeightDecay}: take 0 or more"));
    }

    /// <inheritdoc />
    public override IOptimizer Create(FlatTensor parameters, FlatTensor gradients)
    {
        Validate();
        return new AdamW(this, parameters, gradients);
    }

    /// <inheritdoc />
    public override void Describe(SpecificationWriter writer) => writer
        .Add("kind", "adamw")
        .Add("beta1", Beta1)
        .Add("beta2", Beta2)
        .Add("epsilon", Epsilon)
        .Add("weightDecay", WeightDecay);
}
