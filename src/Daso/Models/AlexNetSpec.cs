using Daso.Specification;
using static TorchSharp.torch;

namespace Daso.Models;

/// <summary>
/// AlexNet (Krizhevsky, arXiv 1404.5997), as torchvision has it: 61 million parameters for 0.7 GFLOPs an image, the most bytes a FLOP of the
/// models here. Its parts are the convolutions and the three dense layers; input float32 [B, 3, H, W], H and W at least 63, output logits
/// [B, Classes].
/// </summary>
[Specification("alexnet")]
public sealed partial record AlexNetSpec : ModelSpec
{
    private const int DenseWidth = 4096;
    private const int PooledSide = 6;

    /// <summary>Where torchvision's convolutions stand among their ReLUs and pools.</summary>
    private static readonly int[] s_places = [0, 3, 6, 8, 10];

    /// <summary>Classes to tell apart.</summary>
    [AtLeast(1)]
    public required int Classes { get; init; }

    /// <summary>Share of the first two dense layers' inputs that is dropped in training.</summary>
    [AtLeast(0), Below(1)]
    public double Dropout { get; init; } = 0.5;

    /// <inheritdoc />
    public override LayeredModel Build(int seed)
    {
        Validate();
        using var generator = new Generator((ulong)seed, CPU);
        return new LayeredModel(
            "alexnet",
            ("conv0", new ConvRelu(3, 64, 11, 4, 2, 3, generator)),
            ("conv1", new ConvRelu(64, 192, 5, 1, 2, 3, generator)),
            ("conv2", new ConvRelu(192, 384, 3, 1, 1, 0, generator)),
            ("conv3", new ConvRelu(384, 256, 3, 1, 1, 0, generator)),
            ("conv4", new ConvRelu(256, 256, 3, 1, 1, 3, generator)),
            ("dense0", new DenseLayer(256 * PooledSide * PooledSide, DenseWidth, PooledSide, new(Dropout, seed, 0), null, false, generator)),
            ("dense1", new DenseLayer(DenseWidth, DenseWidth, null, new(Dropout, seed, 1), null, false, generator)),
            ("dense2", new DenseLayer(DenseWidth, Classes, null, null, null, true, generator)));
    }

    /// <summary>As torchvision names them.</summary>
    public override PublishedTensor? Published(string name)
    {
        string[] path = name.Split('.');
        if (path[^1] == SeededDropout.Count)
            return null;
        int number = path[0][^1] - '0';
        return new(path[0].StartsWith("conv", StringComparison.Ordinal)
            ? $"features.{s_places[number]}.{path[^1]}"
            : $"classifier.{(number == 2 ? 6 : 1 + 3 * number)}.{path[^1]}");
    }

    /// <summary>Output pixels of a convolution for an image of 224 × 224; a dense layer is applied once.</summary>
    public override double? Positions(string part) => part switch
    {
        "conv0" => 55 * 55,
        "conv1" => 27 * 27,
        "conv2" or "conv3" or "conv4" => 13 * 13,
        _ => 1,
    };
}
