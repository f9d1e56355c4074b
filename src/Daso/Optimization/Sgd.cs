using System.Numerics;
using System.Runtime.InteropServices;
using Daso.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Daso.Optimization;

/// <summary>The update of <see cref="SgdSpec"/>.</summary>
internal sealed class Sgd : IOptimizer
{
    private readonly SgdSpec _spec;
    private readonly FlatTensor _parameters;
    private readonly FlatTensor _gradients;
    private readonly FlatTensor _momentum;

    internal Sgd(SgdSpec spec, FlatTensor parameters, FlatTensor gradients)
    {
        _spec = spec;
        _parameters = parameters;
        _gradients = gradients;
        _momentum = new FlatTensor(parameters.Length, parameters.Tensor.device);
        State = [("momentum", _momentum)];
    }

    public IReadOnlyList<(string Name, FlatTensor Values)> State { get; }

    public long Steps { get; set; }

    public void Step(double learningRate)
    {
        var factors = new Factors((float)learningRate, (float)_spec.Momentum, (float)_spec.WeightDecay, _spec.Nesterov);
        if (_parameters.IsStaged)
            Update(_parameters.Tensor, _gradients.Tensor, _momentum.Tensor, factors);
        else
            Update(_parameters.Host.Span, _gradients.Host.Span, _momentum.Host.Span, factors);
        Steps++;
    }

    public void Dispose() => _momentum.Dispose();

    /// <summary>
    /// In host memory, in one pass. Multiplication and addition stay apart, so that the bits don't depend on the vectors' width or on
    /// whether the processor has a fused form.
    /// </summary>
    internal static void Update(Span<float> parameters, Span<float> gradients, Span<float> momentum, Factors factors)
    {
        Span<Vector<float>> parameterVectors = MemoryMarshal.Cast<float, Vector<float>>(parameters);
        Span<Vector<float>> gradientVectors = MemoryMarshal.Cast<float, Vector<float>>(gradients)[..parameterVectors.Length];
        Span<Vector<float>> momentumVectors = MemoryMarshal.Cast<float, Vector<float>>(momentum)[..parameterVectors.Length];
        for (int i = 0; i < parameterVectors.Length; i++)
        {
            Vector<float> p = parameterVectors[i];
            Vector<float> g = gradientVectors[i] + p * factors.WeightDecay;
            Vector<float> v = momentumVectors[i] * factors.Momentum + g;
            momentumVectors[i] = v;
            parameterVectors[i] = p - (factors.Nesterov ? g + v * factors.Momentum : v) * factors.LearningRate;
            gradientVectors[i] = Vector<float>.Zero;
        }

        for (int i = parameterVectors.Length * Vector<float>.Count; i < parameters.Length; i++)
        {
            float g = gradients[i] + parameters[i] * factors.WeightDecay;
            float v = momentum[i] * factors.Momentum + g;
            momentum[i] = v;
            parameters[i] -= (factors.Nesterov ? g + v * factors.Momentum : v) * factors.LearningRate;
            gradients[i] = 0;
        }
    }

    /// <summary>On any device, by libtorch's own operations.</summary>
    internal static void Update(Tensor parameters, Tensor gradients, Tensor momentum, Factors factors)
    {
        using DisposeScope scope = NewDisposeScope();
        using var _ = no_grad();
        using Scalar weightDecay = factors.WeightDecay.ToScalar(), kept = factors.Momentum.ToScalar(),
            change = (-factors.LearningRate).ToScalar();
        gradients.add_(parameters, weightDecay);
        momentum.mul_(kept).add_(gradients, Scalars.One);
        parameters.add_(factors.Nesterov ? gradients.add_(momentum, kept) : momentum, change);
        gradients.zero_();
    }

    /// <summary>An update's scalars, rounded once.</summary>
    internal readonly record struct Factors(float LearningRate, float Momentum, float WeightDecay, bool Nesterov = false);
}
