using Daso.Specification;
using static TorchSharp.torch;

namespace Daso.Models;

/// <summary>
/// VGG-16 without batch norm (Simonyan, Zisserman, arXiv 1409.1556, configuration D), as torchvision has it: 138 million parameters for
/// 15.5 GFLOPs an image, many bytes a FLOP. Its parts are the convolutions and the three dense layers; input float32 [B, 3, H, W], H and W
/// at least 32, output logits [B, Classes].
/// </summary>
[Specification("vgg16")]
public sealed partial record Vgg16Spec : ModelSpec
{
    private const int DenseWidth = 4096;
    private const int PooledSide = 7;

    /// <summary>Channels of the convolutions of each block; a block ends with a pool.</summary>
    private static readonly int[][] s_blocks = [[64, 64], [128, 128], [256, 256, 256], [512, 512, 512], [512, 512, 512]];

    /// <summary>Classes to tell apart.</summary>
    [AtLeast(1)]
    public required int Classes { get; init; }

    /// <summary>Share of the dense layers' outputs that is dropped in training.</summary>
    [AtLeast(0), Below(1)]
    public double Dropout { get; init; } = 0.5;

    /// <inheritdoc />
    public override LayeredModel Build(int seed)
    {
        Validate();
        using var generator = new Generator((ulong)seed, CPU);
        var parts = new List<(string Name, nn.Module<Tensor, Tensor> Module)>();
        int channels = 3;
        for (int block = 0; block < s_blocks.Length; block++)
        {
            for (int i = 0; i < s_blocks[block].Length; i++)
            {
                int outputs = s_blocks[block][i];
                int pool = i == s_blocks[block].Length - 1 ? 2 : 0;
                parts.Add(($"block{block}_layer{i}", new ConvRelu(channels, outputs, 3, 1, 1, pool, generator).WithHeWeights(generator)));
                channels = outputs;
            }
        }

        parts.Add(("dense0", new DenseLayer(
            channels * PooledSide * PooledSide, DenseWidth, PooledSide, null, new(Dropout, seed, 0), false, generator).WithNormalWeights(generator)));
        parts.Add(("dense1", new DenseLayer(
            DenseWidth, DenseWidth, null, null, new(Dropout, seed, 1), false, generator).WithNormalWeights(generator)));
        parts.Add(("dense2", new DenseLayer(DenseWidth, Classes, null, null, null, true, generator).WithNormalWeights(generator)));
        return new LayeredModel("vgg16", [.. parts]);
    }

    /// <summary>As torchvision names them.</summary>
    public override PublishedTensor? Published(string name)
    {
        string[] path = name.Split('.');
        if (path[^1] == SeededDropout.Count)
            return null;
        if (path[0].StartsWith("dense", StringComparison.Ordinal))
            return new($"classifier.{3 * (path[0][^1] - '0')}.{path[^1]}");
        int block = path[0]["block".Length] - '0', layer = path[0][^1] - '0';
        // Each convolution is followed by a ReLU, each block by a pool.
        return new($"features.{s_blocks.Take(block).Sum(one => 2 * one.Length + 1) + 2 * layer}.{path[^1]}");
    }

    /// <summary>Those of the first block are 1, each pool leaves a quarter; a dense layer is applied once to 224 × 224.</summary>
    public override double? Positions(string part) =>
        part.StartsWith("dense", StringComparison.Ordinal) ? 1.0 / (224 * 224) : Math.Pow(0.25, part["block".Length] - '0');
}
