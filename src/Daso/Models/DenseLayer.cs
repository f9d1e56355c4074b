using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Daso.Models;

/// <summary>One layer of a classifier of three dense ones: what comes before it, the linear layer, and ReLU unless it is the last.</summary>
internal sealed class DenseLayer : nn.Module<Tensor, Tensor>
{
    private readonly Linear _linear;
    private readonly int? _poolTo;
    private readonly SeededDropout? _before;
    private readonly SeededDropout? _after;
    private readonly bool _isLast;

    /// <summary>Makes it with PyTorch's usual weights.</summary>
    /// <param name="inputs">Numbers in.</param>
    /// <param name="outputs">Numbers out.</param>
    /// <param name="poolTo">The input is an image; it is averaged to as many pixels on each side. Null: it is numbers.</param>
    /// <param name="before">Dropout of the input.</param>
    /// <param name="after">Dropout of the output.</param>
    /// <param name="isLast">Whether the outputs are logits.</param>
    /// <param name="generator">The model's own.</param>
    internal DenseLayer(int inputs, int outputs, int? poolTo, SeededDropout? before, SeededDropout? after, bool isLast, Generator generator)
        : base(nameof(DenseLayer))
    {
        _linear = nn.Linear(inputs, outputs);
        (_poolTo, _before, _after, _isLast) = (poolTo, before, after, isLast);
        Initialization.UniformFanIn(_linear, generator);
        register_module("linear", _linear);
        if (before is not null)
            register_module("dropout_before", before);
        if (after is not null)
            register_module("dropout_after", after);
    }

    /// <summary>Starts with normal weights of spread 0.01 and biases of 0 in place of PyTorch's usual.</summary>
    internal DenseLayer WithNormalWeights(Generator generator)
    {
        Initialization.NormalLinear(_linear, 0.01, generator);
        return this;
    }

    /// <summary>[B, inputs], or [B, C, H, W] with C · pooled² inputs → [B, outputs].</summary>
    public override Tensor forward(Tensor input)
    {
        using Tensor? pooled = _poolTo is int side ? nn.functional.adaptive_avg_pool2d(input, side) : null;
        using Tensor? numbers = pooled?.flatten(1);
        using Tensor? thinned = _before?.forward(numbers ?? input);
        Tensor output = _linear.forward(thinned ?? numbers ?? input);
        if (_isLast)
            return output;
        output = output.relu_();
        if (_after is null)
            return output;
        using (output)
            return _after.forward(output);
    }
}
