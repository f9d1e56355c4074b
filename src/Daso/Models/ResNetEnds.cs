using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Daso.Models;

/// <summary>A ResNet's first layers.</summary>
internal sealed class ResNetStem : nn.Module<Tensor, Tensor>
{
    private readonly ConvNorm _layer;
    private readonly MaxPool2d? _pool;

    internal ResNetStem(StemKind kind, int inputChannels, int width, Generator generator)
        : base(nameof(ResNetStem))
    {
        bool standard = kind == StemKind.Standard;
        _layer = new ConvNorm(inputChannels, width, standard ? 7 : 3, standard ? 2 : 1, generator);
        _pool = standard ? nn.MaxPool2d(3, 2, 1) : null;
        register_module("layer", _layer);
    }

    /// <summary>Notes an image's size for a later part; null: none asks.</summary>
    internal ImageSize? Size { get; init; }

    /// <summary>[B, C, H, W] → [B, width, ⌈H/4⌉, ⌈W/4⌉], or the same height and width for small images.</summary>
    public override Tensor forward(Tensor input)
    {
        Size?.Note(input);
        Tensor activated = _layer.forward(input).relu_();
        if (_pool is null)
            return activated;
        using (activated)
            return _pool.forward(activated);
    }

    /// <inheritdoc />
    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _pool?.Dispose();
        base.Dispose(disposing);
    }
}

/// <summary>A ResNet's last layers: mean over the image, then one linear layer.</summary>
internal sealed class ResNetHead : nn.Module<Tensor, Tensor>
{
    private static readonly long[] ImageDimensions = [2, 3];

    private readonly Linear _linear;

    internal ResNetHead(int channels, int classes, Generator generator)
        : base(nameof(ResNetHead))
    {
        _linear = nn.Linear(channels, classes);
        Initialization.UniformFanIn(_linear, generator);
        register_module("linear", _linear);
    }

    /// <summary>[B, channels, H, W] → logits [B, classes].</summary>
    public override Tensor forward(Tensor input)
    {
        using Tensor pooled = input.mean(ImageDimensions);
        return _linear.forward(pooled);
    }
}
