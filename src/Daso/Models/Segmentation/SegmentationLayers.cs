using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Daso.Models;

/// <summary>Scales images bilinearly, corners not aligned, as all segmentation networks here do.</summary>
internal static class Upsampling
{
    /// <summary>[B, C, …] → [B, C, height, width].</summary>
    internal static Tensor To(Tensor image, long[] size) =>
        nn.functional.interpolate(image, size, mode: InterpolationMode.Bilinear, align_corners: false);
}

/// <summary>
/// Logits of a segmentation network at the image's size: in training the auxiliary ones behind the main ones, [B, 2 · classes, H, W], which is
/// how the objective tells them apart; else the main ones alone.
/// </summary>
internal static class SegmentationLogits
{
    internal static Tensor Join(Tensor main, Tensor? auxiliary, ImageSize size)
    {
        Tensor scaled = Upsampling.To(main, size.Pixels);
        if (auxiliary is null)
            return scaled;
        using (scaled)
        using (Tensor other = Upsampling.To(auxiliary, size.Pixels))
            return cat([scaled, other], 1);
    }
}

/// <summary>A convolution with its norm and ReLU, dropout where it is asked for, and a 1×1 convolution to logits.</summary>
internal sealed class LogitsHead : nn.Module<Tensor, Tensor>
{
    private readonly ConvNorm _layer;
    private readonly SeededDropout? _dropout;
    private readonly Conv2d _logits;

    /// <summary>Makes it.</summary>
    /// <param name="inputs">Channels in.</param>
    /// <param name="inside">Channels between.</param>
    /// <param name="classes">Channels out.</param>
    /// <param name="kernel">Of the first convolution.</param>
    /// <param name="hasBias">Whether that has one.</param>
    /// <param name="dropout">Before the logits; null: none.</param>
    /// <param name="generator">The model's own.</param>
    internal LogitsHead(int inputs, int inside, int classes, int kernel, bool hasBias, SeededDropout? dropout, Generator generator)
        : base(nameof(LogitsHead))
    {
        _layer = new ConvNorm(inputs, inside, kernel, 1, generator, bias: hasBias);
        _dropout = dropout;
        _logits = nn.Conv2d(inside, classes, 1);
        Initialization.UniformFanIn(_logits, generator);
        register_module("layer", _layer);
        if (dropout is not null)
            register_module("dropout", dropout);
        register_module("logits", _logits);
    }

    /// <summary>[B, inputs, h, w] → [B, classes, h, w].</summary>
    public override Tensor forward(Tensor input)
    {
        using Tensor normed = _layer.forward(input);
        using Tensor activated = normed.relu_();
        using Tensor? thinned = _dropout?.forward(activated);
        return _logits.forward(thinned ?? activated);
    }
}
