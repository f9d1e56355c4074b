using Daso.Models;
using Daso.Specification;

namespace Daso.Optimization;

/// <summary>
/// Stochastic gradient descent with momentum and weight decay: g += wd·p, v := m·v + g, p −= lr·v, or p −= lr·(g + m·v) with Nesterov's
/// momentum, as torch.optim.SGD without dampening.
/// </summary>
/// <param name="Momentum">m, from 0 to below 1.</param>
/// <param name="WeightDecay">wd, at least 0.</param>
public sealed record SgdSpec(double Momentum, double WeightDecay) : OptimizerSpec
{
    /// <summary>Whether the step looks ahead along the momentum (Nesterov); off by default.</summary>
    public bool Nesterov { get; init; }

    /// <inheritdoc />
    /// <exception cref="UserErrorException">A setting out of its range.</exception>
    public override void Validate()
    {
        if (!(Momentum is >= 0 and < 1))
            throw new UserErrorException(FormattableString.Invariant($"SGD with Momentum {Momentum}: take one from 0 to below 1"));
        if (!(WeightDecay is >= 0 and < double.PositiveInfinity))
            throw new UserErrorException(FormattableString.Invariant($"SGD with WeightDecay {WeightDecay}: take 0 or more"));
    }

    /// <inheritdoc />
    public override IOptimizer Create(FlatTensor parameters, FlatTensor gradients)
    {
        Validate();
        return new Sgd(this, parameters, gradients);
    }

    /// <inheritdoc />
    public override void Describe(SpecificationWriter writer)
    {
        writer.Add("kind", "sgd").Add("momentum", Momentum).Add("weightDecay", WeightDecay);
        if (Nesterov) // plain SGD keeps the hash that it had before there was a choice
            writer.Add("nesterov", Nesterov);
    }
}
