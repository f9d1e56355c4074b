using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Daso.Models;

/// <summary>A convolution, without bias but where it is asked for, padded to keep its input's size before the stride, and its batch norm.</summary>
internal sealed class ConvNorm : nn.Module<Tensor, Tensor>
{
    private readonly Conv2d _convolution;
    private readonly BatchNorm2d _norm;
    private readonly int _subsampling;
    private readonly long[] _strides;

    /// <summary>Makes it with He-normal weights; the norm starts as 1 and 0.</summary>
    /// <param name="inputs">Channels in.</param>
    /// <param name="outputs">Channels out.</param>
    /// <param name="kernel">1, 3 or 7.</param>
    /// <param name="stride">In both directions.</param>
    /// <param name="generator">The model's own.</param>
    /// <param name="dilation">Pixels from one of the kernel's to the next.</param>
    /// <param name="bias">Whether the convolution has one; it starts as 0.</param>
    internal ConvNorm(int inputs, int outputs, int kernel, int stride, Generator generator, int dilation = 1, bool bias = false)
        : base(nameof(ConvNorm))
    {
        // On the CPU libtorch's strided 1×1 convolution divides by zero in backward where the processor's cache sizes are hidden; taking
        // every stride-th row and column first is the same function.
        _subsampling = kernel == 1 ? stride : 1;
        _strides = [stride, stride];
        _convolution = nn.Conv2d(inputs, outputs, kernel, kernel == 1 ? 1 : stride, kernel / 2 * dilation, dilation, bias: bias);
        _norm = nn.BatchNorm2d(outputs);
        Initialization.HeFanOut(_convolution.weight, generator);
        if (_convolution.bias is { } start)
            Initialization.Zero(start);
        register_module("convolution", _convolution);
        register_module("norm", _norm);
    }

    /// <summary>Starts the norm's scale as 0 in place of 1, so that a block with this layer as its last starts as the identity.</summary>
    internal void ZeroScale() => Initialization.Zero(_norm.weight);

    /// <summary>[B, inputs, H, W] → [B, outputs, ⌈H/stride⌉, ⌈W/stride⌉].</summary>
    public override Tensor forward(Tensor input)
    {
        using Tensor convolved = Convolve(input);
        if (training)
            RequireSeveralValues(convolved.shape);
        // Not the module's forward: it counts batches, which nothing here reads, by adding a number whose native copy the garbage
        // collector may free before libtorch has read it. Momentum and ε are the module's defaults.
        return nn.functional.batch_norm(
            convolved, _norm.running_mean, _norm.running_var, _norm.weight, _norm.bias, training, momentum: 0.1, eps: 1e-5);
    }

    private Tensor Convolve(Tensor input)
    {
        if (_subsampling == 1)
            return PaddedConvolution.Forward(_convolution, input);
        if (input.device_type != DeviceType.CPU)
            return nn.functional.conv2d(input, _convolution.weight, _convolution.bias, strides: _strides);
        using Tensor sampled = Subsample(input, _subsampling);
        return PaddedConvolution.Forward(_convolution, sampled);
    }

    /// <summary>The variance of one value is 0, and its normalised value always the bias: PyTorch's module refuses it, too.</summary>
    private static void RequireSeveralValues(long[] shape)
    {
        if (shape[0] * shape[2] * shape[3] == 1)
        {
            throw new UserErrorException(
                "batch norm over one value a channel: a rank's batch is 1 image, and layers with stride have left 1 × 1 pixels of it; "
                + "give a rank at least 2 images a batch (--batch) or larger ones (--crop)");
        }
    }

    /// <summary>Every <paramref name="step"/>-th row and column of [B, C, H, W].</summary>
    private static Tensor Subsample(Tensor input, int step)
    {
        using Tensor rows = input.slice(2, 0, input.shape[2], step);
        using Tensor both = rows.slice(3, 0, input.shape[3], step);
        return both.clone(); // dense, with the channels where the input has them
    }
}
