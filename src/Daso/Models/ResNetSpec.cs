using System.Diagnostics;
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
    private const int Stages = 4;

    /// <summary>18, 34, 50 or 101 layers.</summary>
    [OneOf(18, 34, 50, 101)]
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

    /// <inheritdoc />
    public override LayeredModel Build(int seed)
    {
        Validate();
        int[] blocks = BlocksPerStage();
        using var generator = new Generator((ulong)seed, CPU);
        bool bottleneck = Depth >= 50;
        var parts = new List<(string Name, nn.Module<Tensor, Tensor> Module)>
        {
            ("stem", new ResNetStem(Stem, InputChannels, Width, generator)),
        };
        int channels = Width;
        for (int stage = 0; stage < Stages; stage++)
        {
            int width = Width << stage;
            for (int block = 0; block < blocks[stage]; block++)
            {
                int stride = stage > 0 && block == 0 ? 2 : 1;
                parts.Add(($"stage{stage + 1}_block{block}", bottleneck
                    ? ResidualBlock.Bottleneck(channels, width, stride, generator)
                    : ResidualBlock.Basic(channels, width, stride, generator)));
                channels = bottleneck ? width * ResidualBlock.BottleneckExpansion : width;
            }
        }

        parts.Add(("head", new ResNetHead(channels, Classes, generator)));
        return new LayeredModel($"resnet{Depth}", [.. parts]);
    }

    /// <summary>Those of the first stage are 1; every stage has a quarter of the one before, and the head is applied once to 56 × 56.</summary>
    public override double? Positions(string part) => part switch
    {
        "stem" => Stem == StemKind.Standard ? 4 : 1,
        "head" => 1.0 / 3136,
        _ => Math.Pow(0.25, part["stage".Length] - '1'),
    };

    private int[] BlocksPerStage() => Depth switch
    {
        18 => [2, 2, 2, 2],
        34 or 50 => [3, 4, 6, 3],
        101 => [3, 4, 23, 3],
        _ => throw new UnreachableException(),
    };
}
