using TorchSharp;
using static TorchSharp.torch;

namespace Daso.Models;

/// <summary>
/// Atrous spatial pyramid pooling (Chen et al., arXiv 1706.05587, section 3.3): a 1×1 convolution, three dilated 3×3 ones and the image's mean
/// side by side, joined by a 1×1 convolution.
/// </summary>
internal sealed class AtrousPyramid : nn.Module<Tensor, Tensor>
{
    /// <summary>Channels of each branch and of the output.</summary>
    internal const int Channels = 256;

    private static readonly long[] s_imageDimensions = [2, 3];

    private readonly ConvNorm[] _branches;
    private readonly ConvNorm _pooled;
    private readonly ConvNorm _project;
    private readonly SeededDropout _dropout;

    /// <summary>Makes it.</summary>
    /// <param name="inputs">Channels in.</param>
    /// <param name="rates">Dilations of the 3×3 convolutions.</param>
    /// <param name="dropout">Of the output.</param>
    /// <param name="generator">The model's own.</param>
    internal AtrousPyramid(int inputs, IReadOnlyList<int> rates, SeededDropout dropout, Generator generator)
        : base(nameof(AtrousPyramid))
    {
        _branches =
        [
            new ConvNorm(inputs, Channels, 1, 1, generator),
            .. rates.Select(rate => new ConvNorm(inputs, Channels, 3, 1, generator, rate)),
        ];
        _pooled = new ConvNorm(inputs, Channels, 1, 1, generator);
        _project = new ConvNorm((_branches.Length + 1) * Channels, Channels, 1, 1, generator);
        _dropout = dropout;
        for (int i = 0; i < _branches.Length; i++)
            register_module($"branch{i}", _branches[i]);
        register_module("pooled", _pooled);
        register_module("project", _project);
        register_module("dropout", dropout);
    }

    /// <summary>[B, inputs, h, w] → [B, 256, h, w].</summary>
    public override Tensor forward(Tensor input)
    {
        using Tensor joined = Joined(input);
        using Tensor normed = _project.forward(joined);
        using Tensor activated = normed.relu_();
        return _dropout.forward(activated);
    }

    private Tensor Joined(Tensor input)
    {
        using DisposeScope scope = NewDisposeScope();
        var parts = new List<Tensor>();
        foreach (ConvNorm branch in _branches)
            parts.Add(branch.forward(input).relu_());
        Tensor mean = _pooled.forward(input.mean(s_imageDimensions, keepdim: true)).relu_();
        parts.Add(Upsampling.To(mean, input.shape[2..]));
        return cat(parts, 1).MoveToOuterDisposeScope();
    }
}
