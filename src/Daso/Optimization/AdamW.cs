using System.Numerics;
using System.Runtime.InteropServices;
using Daso.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Daso.Optimization;

/// <summary>The update of <see cref="AdamWSpec"/>.</summary>
internal sealed class AdamW : IOptimizer
{
    private readonly AdamWSpec _spec;
    private readonly FlatTensor _parameters;
    private readonly FlatTensor _gradients;
    private readonly FlatTensor _mean;
    private readonly FlatTensor _square;

    internal AdamW(AdamWSpec spec, FlatTensor parameters, FlatTensor gradients)
    {
        _spec = spec;
        _parameters = parameters;
        _gradients = gradients;
        _mean = new FlatTensor(parameters.Length, parameters.Tensor.device);
        _square = new FlatTensor(parameters.Length, parameters.Tensor.device);
        State = [("mean", _mean), ("square", _square)];
    }

    public IReadOnlyList<(string Name, FlatTensor Values)> State { get; }

    public long Steps { get; set; }

    public void Step(double learningRate)
    {
        Steps++;
        var factors = Factors.For(_spec, learningRate, Steps);
        if (_parameters.IsStaged)
            Update(_parameters.Tensor, _gradients.Tensor, _mean.Tensor, _square.Tensor, factors);
        else
            Update(_parameters.Host.Span, _gradients.Host.Span, _mean.Host.Span, _square.Host.Span, factors);
    }

    public void Dispose()
    {
        _mean.Dispose();
        _square.Dispose();
    }

    /// <summary>
    /// In host memory, in one pass; multiplication and addition stay apart as in <see cref="Sgd"/>. The mean moves from whichever of m and g
    /// weighs more, as torch.lerp does: m + (g − m)·s for s = 1 − β₁ below ½, else g − (g − m)·(1 − s), so that a gradient much smaller
    /// than m is not lost where it is all that counts.
    /// </summary>
    internal static void Update(Span<float> parameters, Span<float> gradients, Span<float> mean, Span<float> square, Factors factors)
    {
        Span<Vector<float>> parameterVectors = MemoryMarshal.Cast<float, Vector<float>>(parameters);
        Span<Vector<float>> gradientVectors = MemoryMarshal.Cast<float, Vector<float>>(gradients)[..parameterVectors.Length];
        Span<Vector<float>> meanVectors = MemoryMarshal.Cast<float, Vector<float>>(mean)[..parameterVectors.Length];
        Span<Vector<float>> squareVectors = MemoryMarshal.Cast<float, Vector<float>>(square)[..parameterVectors.Length];
        var epsilon = new Vector<float>(factors.Epsilon);
        bool startsFromMean = factors.MeanShare < 0.5f;
        float towards = startsFromMean ? factors.MeanShare : -(1 - factors.MeanShare);
        for (int i = 0; i < parameterVectors.Length; i++)
        {
            Vector<float> g = gradientVectors[i];
            Vector<float> m = (startsFromMean ? meanVectors[i] : g) + (g - meanVectors[i]) * towards;
            Vector<float> v = squareVectors[i] * factors.SquareKept + g * g * factors.SquareShare;
            meanVectors[i] = m;
            squareVectors[i] = v;
            Vector<float> denominator = Vector.SquareRoot(v) * factors.RootScale + epsilon;
            parameterVectors[i] = parameterVectors[i] * factors.Kept - m * factors.StepSize / denominator;
            gradientVectors[i] = Vector<float>.Zero;
        }

        for (int i = parameterVectors.Length * Vector<float>.Count; i < parameters.Length; i++)
        {
            float g = gradients[i];
            float m = (startsFromMean ? mean[i] : g) + (g - mean[i]) * towards;
            float v = square[i] * factors.SquareKept + g * g * factors.SquareShare;
            mean[i] = m;
            square[i] = v;
            float denominator = MathF.Sqrt(v) * factors.RootScale + factors.Epsilon;
            parameters[i] = parameters[i] * factors.Kept - m * factors.StepSize / denominator;
            gradients[i] = 0;
        }
    }

    /// <summary>On any device, by libtorch's own operations.</summary>
    internal static void Update(Tensor parameters, Tensor gradients, Tensor mean, Tensor square, Factors factors)
    {
        using DisposeScope scope = NewDisposeScope();
        using var _ = no_grad();
        using Scalar meanKept = (1 - factors.MeanShare).ToScalar(), meanShare = factors.MeanShare.ToScalar(),
            squareKept = factors.SquareKept.ToScalar(), squareShare = factors.SquareShare.ToScalar(),
            rootScale = factors.RootScale.ToScalar(), epsilon = factors.Epsilon.ToScalar(),
            kept = factors.Kept.ToScalar(), change = (-factors.StepSize).ToScalar();
        mean.mul_(meanKept).add_(gradients, meanShare);
        square.mul_(squareKept).addcmul_(gradients, gradients, squareShare);
        Tensor denominator = square.sqrt().mul_(rootScale).add_(epsilon);
        parameters.mul_(kept).addcdiv_(mean, denominator, change);
        gradients.zero_();
    }

    /// <summary>An update's scalars, computed in double and rounded once.</summary>
    /// <param name="Kept">1 − lr·wd.</param>
    /// <param name="MeanShare">1 − β₁.</param>
    /// <param name="SquareKept">β₂.</param>
    /// <param name="SquareShare">1 − β₂.</param>
    /// <param name="StepSize">lr / (1 − β₁ᵗ).</param>
    /// <param name="RootScale">1 / √(1 − β₂ᵗ).</param>
    /// <param name="Epsilon">ε.</param>
    internal readonly record struct Factors(
        float Kept, float MeanShare, float SquareKept, float SquareShare, float StepSize, float RootScale, float Epsilon)
    {
        /// <param name="spec">The settings.</param>
        /// <param name="learningRate">lr.</param>
        /// <param name="step">t, from 1.</param>
        internal static Factors For(AdamWSpec spec, double learningRate, long step) => new(
            (float)(1 - learningRate * spec.WeightDecay),
            (float)(1 - spec.Beta1),
            (float)spec.Beta2,
            (float)(1 - spec.Beta2),
            (float)(learningRate / (1 - Math.Pow(spec.Beta1, step))),
            (float)(1 / Math.Sqrt(1 - Math.Pow(spec.Beta2, step))),
            (float)spec.Epsilon);
    }
}
