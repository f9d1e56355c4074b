using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Daso.Models;

/// <summary>A convolution with bias, ReLU, and where it is asked for max pooling: the layers of networks older than batch norm.</summary>
internal sealed class ConvRelu : nn.Module<Tensor, Tensor>
{
    private readonly Conv2d _convolution;
    private readonly int _poolKernel;

    /// <summary>Makes it with PyTorch's usual weights.</summary>
    /// <param name="inputs">Channels in.</param>
    /// <param name="outputs">Channels out.</param>
    /// <param name="kernel">Pixels on each side.</param>
    /// <param name="stride">In both directions.</param>
    /// <param name="padding">Zeros around the input.</param>
    /// <param name="poolKernel">Pixels on each side of a pool with stride 2; 0: no pooling.</param>
    /// <param name="generator">The model's own.</param>
    internal ConvRelu(int inputs, int outputs, int kernel, int stride, int padding, int poolKernel, Generator generator)
        : base(nameof(ConvRelu))
    {
        _convolution = nn.Conv2d(inputs, outputs, kernel, stride, padding);
        _poolKernel = poolKernel;
        Initialization.UniformFanIn(_convolution, generator);
        register_module("convolution", _convolution);
    }

    /// <summary>Starts with He-normal weights and biases of 0 in place of PyTorch's usual.</summary>
    internal ConvRelu WithHeWeights(Generator generator)
    {
        Initialization.HeFanOut(_convolution.weight, generator);
        Initialization.Zero(_convolution.bias!);
        return this;
    }

    /// <summary>[B, inputs, H, W] → [B, outputs, …].</summary>
    public override Tensor forward(Tensor input)
    {
        Tensor activated = PaddedConvolution.Forward(_convolution, input).relu_();
        if (_poolKernel == 0)
            return activated;
        using (activated)
            return nn.functional.max_pool2d(activated, _poolKernel, 2);
    }
}
