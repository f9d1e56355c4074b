using Daso.Models;
using Daso.Specification;
using TorchSharp;
using static TorchSharp.torch;

namespace Daso.Optimization;

/// <summary>
/// An optimizer whose gradients are scaled down together where their norm is above a bound, as torch.nn.utils.clip_grad_norm_: by
/// bound / (norm + 1e-6). The norm is of the rank's gradients as the strategy leaves them before the update.
/// </summary>
[Specification("clipped")]
public sealed partial record ClippedSpec : OptimizerSpec
{
    /// <summary>What makes the update.</summary>
    public required OptimizerSpec Optimizer { get; init; }

    /// <summary>The largest Euclidean norm of all gradients together.</summary>
    [Above(0)]
    public double MaximumNorm { get; init; } = 1;

    /// <inheritdoc />
    public override IOptimizer Create(FlatTensor parameters, FlatTensor gradients)
    {
        Validate();
        return new Clipping(Optimizer.Create(parameters, gradients), gradients, MaximumNorm);
    }

    /// <inheritdoc />
    public override IOptimizer Create(Replica replica)
    {
        Validate();
        return new Clipping(Optimizer.Create(replica), replica.Gradients, MaximumNorm);
    }

    private sealed class Clipping(IOptimizer inner, FlatTensor gradients, double maximumNorm) : IOptimizer
    {
        private readonly Scalar _bound = maximumNorm.ToScalar();
        private readonly Scalar _small = 1e-6.ToScalar();

        public IReadOnlyList<(string Name, FlatTensor Values)> State => inner.State;

        public long Steps
        {
            get => inner.Steps;
            set => inner.Steps = value;
        }

        public void Step(double learningRate)
        {
            using (no_grad())
            using (NewDisposeScope())
            {
                Tensor factor = gradients.Tensor.norm().add_(_small).reciprocal_().mul_(_bound).clamp_max_(Scalars.One);
                gradients.Tensor.mul_(factor);
            }

            inner.Step(learningRate);
        }

        public void Dispose()
        {
            inner.Dispose();
            _bound.Dispose();
            _small.Dispose();
        }
    }
}
