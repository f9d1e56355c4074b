using System.Diagnostics;
using static TorchSharp.torch;

namespace Daso.Models;

/// <summary>The parts of a ResNet as they are put together, stage by stage: of the classifier and of networks that stand on one.</summary>
internal sealed class ResNetBody
{
    /// <summary>Every ResNet has as many.</summary>
    internal const int Stages = 4;

    private readonly int _depth;
    private readonly int _width;
    private readonly Generator _generator;
    private readonly List<(string Name, nn.Module<Tensor, Tensor> Module)> _parts = [];

    /// <summary>Begins one without parts.</summary>
    /// <param name="depth">18, 34, 50, 101 or 152 layers.</param>
    /// <param name="width">Channels after the stem; doubles with every stage.</param>
    /// <param name="generator">The model's own.</param>
    internal ResNetBody(int depth, int width, Generator generator)
    {
        (_depth, _width, _generator) = (depth, width, generator);
        Channels = width;
    }

    /// <summary>What was added, in the order of forward.</summary>
    internal IReadOnlyList<(string Name, nn.Module<Tensor, Tensor> Module)> Parts => _parts;

    /// <summary>Channels that the last stage gives.</summary>
    internal int Channels { get; private set; }

    private bool IsBottleneck => _depth >= 50;

    /// <summary>Adds a part that is no stage.</summary>
    internal void Add(string name, nn.Module<Tensor, Tensor> module) => _parts.Add((name, module));

    /// <summary>Adds a stage's blocks, each a part.</summary>
    /// <param name="stage">From 0.</param>
    /// <param name="stride">Of its first block.</param>
    /// <param name="dilation">Of all blocks but the first, in their 3×3 convolutions.</param>
    /// <param name="zeroLastNorms">Whether its blocks start as the identity.</param>
    /// <param name="firstDilation">Of the first block, which torchvision gives the stage before's.</param>
    internal void AddStage(int stage, int stride, int dilation, bool zeroLastNorms = false, int firstDilation = 1)
    {
        int inside = _width << stage;
        for (int number = 0; number < BlocksPerStage(_depth)[stage]; number++)
        {
            int blockStride = number == 0 ? stride : 1;
            ResidualBlock block = IsBottleneck
                ? ResidualBlock.Bottleneck(Channels, inside, blockStride, _generator, number == 0 ? firstDilation : dilation)
                : ResidualBlock.Basic(Channels, inside, blockStride, _generator);
            if (zeroLastNorms)
                block.StartAsIdentity();
            Add($"stage{stage + 1}_block{number}", block);
            Channels = IsBottleneck ? inside * ResidualBlock.BottleneckExpansion : inside;
        }
    }

    /// <summary>torchvision's name of a parameter or buffer of a ResNet.</summary>
    internal static string Published(string name)
    {
        string[] path = name.Split('.');
        string end = path[^1];
        if (path[0] == "stem")
            return $"{(path[2] == "norm" ? "bn1" : "conv1")}.{end}";
        if (path[0] == "head")
            return $"fc.{end}";
        int separator = path[0].IndexOf('_', StringComparison.Ordinal);
        string block = $"layer{path[0]["stage".Length..separator]}.{path[0][(separator + "_block".Length)..]}";
        bool isNorm = path[2] == "norm";
        return path[1] == "projection"
            ? $"{block}.downsample.{(isNorm ? 1 : 0)}.{end}"
            : $"{block}.{(isNorm ? "bn" : "conv")}{path[1]["path".Length] - '0' + 1}.{end}";
    }

    private static int[] BlocksPerStage(int depth) => depth switch
    {
        18 => [2, 2, 2, 2],
        34 or 50 => [3, 4, 6, 3],
        101 => [3, 4, 23, 3],
        152 => [3, 8, 36, 3],
        _ => throw new UnreachableException(),
    };
}
