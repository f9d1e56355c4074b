using Daso.Models;
using Daso.Specification;
using static TorchSharp.torch;

namespace Daso.Optimization;

/// <summary>
/// An optimizer of a sparse model: of the parameters as they are drawn, the share of smallest magnitude is 0 from the start and stays so.
/// Which these are follows from the seed, so that all ranks have the same. The memory and the arithmetic are those of a dense model.
/// </summary>
[Specification("pruned")]
public sealed partial record PrunedSpec : OptimizerSpec
{
    /// <summary>What makes the update.</summary>
    public required OptimizerSpec Optimizer { get; init; }

    /// <summary>The share of parameters that are 0.</summary>
    [AtLeast(0), Below(1)]
    public double Sparsity { get; init; }

    /// <inheritdoc />
    public override IOptimizer Create(FlatTensor parameters, FlatTensor gradients)
    {
        Validate();
        return new Pruning(Optimizer.Create(parameters, gradients), parameters, Sparsity);
    }

    /// <inheritdoc />
    public override IOptimizer Create(Replica replica)
    {
        Validate();
        return new Pruning(Optimizer.Create(replica), replica.Parameters, Sparsity);
    }

    private sealed class Pruning : IOptimizer
    {
        private readonly IOptimizer _inner;
        private readonly FlatTensor _parameters;
        private readonly FlatTensor _mask;

        internal Pruning(IOptimizer inner, FlatTensor parameters, double sparsity)
        {
            (_inner, _parameters) = (inner, parameters);
            _mask = new FlatTensor(parameters.Length, parameters.Tensor.device);
            parameters.ToHost();
            float[] magnitudes = [.. parameters.Host.ToArray().Select(MathF.Abs)];
            int[] order = [.. Enumerable.Range(0, magnitudes.Length)];
            Array.Sort(magnitudes, order);
            Span<float> mask = _mask.Host.Span;
            mask.Fill(1);
            foreach (int place in order.AsSpan(0, (int)Math.Round(sparsity * order.Length)))
                mask[place] = 0;
            _mask.FromHost();
            Prune();
        }

        public IReadOnlyList<(string Name, FlatTensor Values)> State => _inner.State;

        public long Steps
        {
            get => _inner.Steps;
            set => _inner.Steps = value;
        }

        public void Step(double learningRate)
        {
            _inner.Step(learningRate);
            Prune();
        }

        public void Dispose()
        {
            _inner.Dispose();
            _mask.Dispose();
        }

        private void Prune()
        {
            using var _ = no_grad();
            _parameters.Tensor.mul_(_mask.Tensor);
        }
    }
}
