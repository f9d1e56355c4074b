using Daso.Models;
using Daso.Specification;
using TorchSharp;
using static TorchSharp.torch;

namespace Daso.Optimization;

/// <summary>
/// AccumAdam (Wang et al., "From Promise to Practice", ICLR 2025, arXiv 2410.11998, appendix C) with decoupled weight decay: parameters move
/// in every step, by means that the step's gradient has only just entered; the means themselves take in the mean gradient of every k steps,
/// as if the batch were k times as large. Steps of bias corrections are those of k.
/// </summary>
/// <param name="AccumulatedSteps">k; the authors' code has 4, their recipes 8.</param>
/// <param name="Beta1">What the mean of g keeps.</param>
/// <param name="Beta2">What the mean of g² keeps.</param>
/// <param name="Epsilon">ε, above 0.</param>
/// <param name="WeightDecay">wd, at least 0.</param>
[Specification("accumAdamw")]
public sealed partial record AccumAdamWSpec(
    [AtLeast(1)] int AccumulatedSteps = 4,
    [AtLeast(0), Below(1)] double Beta1 = 0.9,
    [AtLeast(0), Below(1)] double Beta2 = 0.999,
    [Above(0)] double Epsilon = 1e-8,
    [AtLeast(0)] double WeightDecay = 0) : OptimizerSpec
{
    /// <inheritdoc />
    public override IOptimizer Create(FlatTensor parameters, FlatTensor gradients)
    {
        Validate();
        return new AccumAdamW(this, parameters, gradients);
    }

    /// <summary>The update, by libtorch's own operations on any device.</summary>
    private sealed class AccumAdamW : IOptimizer
    {
        private readonly AccumAdamWSpec _spec;
        private readonly FlatTensor _parameters;
        private readonly FlatTensor _gradients;
        private readonly FlatTensor _mean;
        private readonly FlatTensor _square;
        private readonly FlatTensor _accumulated;

        internal AccumAdamW(AccumAdamWSpec spec, FlatTensor parameters, FlatTensor gradients)
        {
            _spec = spec;
            _parameters = parameters;
            _gradients = gradients;
            _mean = new FlatTensor(parameters.Length, parameters.Tensor.device);
            _square = new FlatTensor(parameters.Length, parameters.Tensor.device);
            _accumulated = new FlatTensor(parameters.Length, parameters.Tensor.device);
            State = [("mean", _mean), ("square", _square), ("accumulated", _accumulated)];
        }

        public IReadOnlyList<(string Name, FlatTensor Values)> State { get; }

        public long Steps { get; set; }

        public void Step(double learningRate)
        {
            Steps++;
            long blocks = (Steps + _spec.AccumulatedSteps - 1) / _spec.AccumulatedSteps;
            using var _ = no_grad();
            using DisposeScope scope = NewDisposeScope();
            using Scalar meanKept = _spec.Beta1.ToScalar(), meanShare = (1 - _spec.Beta1).ToScalar(),
                squareKept = _spec.Beta2.ToScalar(), squareShare = (1 - _spec.Beta2).ToScalar(),
                rootScale = (1 / Math.Sqrt(1 - Math.Pow(_spec.Beta2, blocks))).ToScalar(), epsilon = _spec.Epsilon.ToScalar(),
                kept = (1 - (learningRate * _spec.WeightDecay)).ToScalar(),
                change = (-learningRate / (1 - Math.Pow(_spec.Beta1, blocks))).ToScalar(),
                part = (1.0 / _spec.AccumulatedSteps).ToScalar();
            Tensor g = _gradients.Tensor, mean = _mean.Tensor, square = _square.Tensor, accumulated = _accumulated.Tensor;
            Tensor now = mean.mul(meanKept).add_(g, meanShare);
            Tensor root = square.mul(squareKept).addcmul_(g, g, squareShare).sqrt_().mul_(rootScale).add_(epsilon);
            _parameters.Tensor.mul_(kept).addcdiv_(now, root, change);
            accumulated.add_(g, part);
            if (Steps % _spec.AccumulatedSteps == 0)
            {
                mean.mul_(meanKept).add_(accumulated, meanShare);
                square.mul_(squareKept).addcmul_(accumulated, accumulated, squareShare);
                accumulated.zero_();
            }

            g.zero_();
        }

        public void Dispose()
        {
            _mean.Dispose();
            _square.Dispose();
            _accumulated.Dispose();
        }
    }
}
