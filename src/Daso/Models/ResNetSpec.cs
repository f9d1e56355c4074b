using Daso.Specification;
using static TorchSharp.torch;

namespace Daso.Models;

/// <summary>How a ResNet begins.</summary>
public enum StemKind
{
    /// <summary>7×7 convolution with stride 2 and 3×3 max pooling with stride 2: for ImageNet's sizes.</summary>
    Standard,

    /// <summary>3×3 convolution with stride 1 and no pooling: for images of 32×32 and less.</summary>
    SmallImage,
}

/// <summary>
/// A residual network (He et al., arXiv 1512.03385; bottlenecks with the stride in the 3×3 convolution). Its parts are the stem, each
/// residual block, and the head; input float32 [B, InputChannels, H, W], output logits [B, Classes].
/// </summary>
[Specification("resnet")]
public sealed partial record ResNetSpec : ModelSpec
{
    /// <summary>18, 34, 50, 101 or 152 layers.</summary>
    [OneOf(18, 34, 50, 101, 152)]
    public required int Depth { get; init; }

    /// <summary>Classes to tell apart.</summary>
    [AtLeast(1)]
    public required int Classes { get; init; }

    /// <summary>How it begins.</summary>
    public StemKind Stem { get; init; } = StemKind.Standard;

    /// <summary>Channels of an image.</summary>
    [AtLeast(1)]
    public int InputChannels { get; init; } = 3;

    /// <summary>Channels after the stem; doubles with every stage. 64 in the paper, less for a small model.</summary>
    [AtLeast(1)]
    public int Width { get; init; } = 64;

    /// <summary>Whether each block's last norm starts with a scale of 0, so that the block starts as its shortcut (Goyal et al., section 5.1).</summary>
    [OmittedWhen(false)]
    public bool ZeroLastNorms { get; init; }

    /// <inheritdoc />
    public override LayeredModel Build(int seed)
    {
        Validate();
        using var generator = new Generator((ulong)seed, CPU);
        var body = new ResNetBody(Depth, Width, generator);
        body.Add("stem", new ResNetStem(Stem, InputChannels, Width, generator));
        for (int stage = 0; stage < ResNetBody.Stages; stage++)
            body.AddStage(stage, stride: stage > 0 ? 2 : 1, dilation: 1, ZeroLastNorms);
        body.Add("head", new ResNetHead(body.Channels, Classes, generator));
        return new LayeredModel($"resnet{Depth}", [.. body.Parts]);
    }

    /// <summary>As torchvision names them.</summary>
    public override PublishedTensor? Published(string name) => new(ResNetBody.Published(name));

    /// <summary>Those of the first stage are 1; every stage has a quarter of the one before, and the head is applied once to 56 × 56.</summary>
    public override double? Positions(string part) => part switch
    {
        "stem" => Stem == StemKind.Standard ? 4 : 1,
        "head" => 1.0 / 3136,
        _ => Math.Pow(0.25, part["stage".Length] - '1'),
    };
}
