using TorchSharp;
using static TorchSharp.torch;

namespace Daso.Models;

/// <summary>Fills weights from a model's own generator, so that ranks that build at the same time don't disturb each other.</summary>
internal static class Initialization
{
    /// <summary>Normal with mean 0.</summary>
    /// <param name="weight">Any shape; filled in place.</param>
    /// <param name="standardDeviation">Its spread.</param>
    /// <param name="generator">The model's own.</param>
    internal static void Normal(Tensor weight, double standardDeviation, Generator generator)
    {
        using var _ = no_grad();
        weight.normal_(0, standardDeviation, generator);
    }

    /// <summary>He normal for ReLU, scaled by fan-out (He et al., arXiv 1502.01852, section 2.2, backward case).</summary>
    /// <param name="weight">A convolution's: [out, in, height, width].</param>
    /// <param name="generator">The model's own.</param>
    internal static void HeFanOut(Tensor weight, Generator generator)
    {
        long[] shape = weight.shape;
        Normal(weight, Math.Sqrt(2.0 / (shape[0] * shape[2] * shape[3])), generator);
    }

    /// <summary>Uniform in ±1/√fan-in for weight and bias.</summary>
    internal static void UniformFanIn(TorchSharp.Modules.Linear linear, Generator generator)
    {
        using var _ = no_grad();
        double bound = 1 / Math.Sqrt(linear.weight.shape[1]);
        linear.weight.uniform_(-bound, bound, generator);
        linear.bias?.uniform_(-bound, bound, generator);
    }

    /// <summary>Uniform in ±1/√fan-in for weight and bias: what PyTorch gives a convolution that nothing else is said of.</summary>
    internal static void UniformFanIn(TorchSharp.Modules.Conv2d convolution, Generator generator)
    {
        using var _ = no_grad();
        long[] shape = convolution.weight.shape;
        double bound = 1 / Math.Sqrt(shape[1] * shape[2] * shape[3]);
        convolution.weight.uniform_(-bound, bound, generator);
        convolution.bias?.uniform_(-bound, bound, generator);
    }

    /// <summary>0.</summary>
    internal static void Zero(Tensor tensor)
    {
        using var _ = no_grad();
        tensor.zero_().Dispose();
    }

    /// <summary>Normal.</summary>
    internal static void NormalEmbedding(TorchSharp.Modules.Embedding embedding, double standardDeviation, Generator generator)
    {
        using DisposeScope scope = NewDisposeScope(); // this module makes a new tensor each time it is asked for its weight
        Normal(embedding.weight!, standardDeviation, generator);
    }

    /// <summary>Normal weight, bias 0.</summary>
    internal static void NormalLinear(TorchSharp.Modules.Linear linear, double standardDeviation, Generator generator)
    {
        Normal(linear.weight, standardDeviation, generator);
        if (linear.bias is { } bias)
            Zero(bias);
    }
}
