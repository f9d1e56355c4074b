using System.Globalization;
using Daso.Specification;
using static TorchSharp.torch;

namespace Daso.Models;

/// <summary>
/// HRNetV2 (Wang et al., arXiv 1908.07919) for segmentation: four branches of 1/4 … 1/32 of the image's sizes that exchange what they see,
/// by default W48; with object-contextual representations (Yuan et al., arXiv 1909.11065) or without. Weights start He-normal. Its parts
/// are the stem, each block of the first stage, each module of the others, and the head; input float32 [B, 3, H, W], output logits
/// [B, Classes, H, W], in training with OCR [B, 2 · Classes, H, W], those that the regions are made of last.
/// </summary>
[Specification("hrnet")]
public sealed partial record HrNetSpec : ModelSpec
{
    private const int StemChannels = 64;

    /// <summary>Modules of the stages with two, three and four branches.</summary>
    private static readonly int[] s_modules = [1, 4, 3];

    /// <summary>Classes to tell apart.</summary>
    [AtLeast(1)]
    public required int Classes { get; init; }

    /// <summary>Channels of the finest branch; each coarser one has twice as many. 48 in the paper, less for a small model.</summary>
    [AtLeast(1)]
    public int Width { get; init; } = 48;

    /// <summary>Whether a pixel also sees the mean of the object regions that it belongs to.</summary>
    public bool ObjectContext { get; init; } = true;

    /// <inheritdoc />
    public override LayeredModel Build(int seed)
    {
        Validate();
        using var generator = new Generator((ulong)seed, CPU);
        var size = new ImageSize();
        var branches = new SideOutputs();
        var parts = new List<(string Name, nn.Module<Tensor, Tensor> Module)>
        {
            ("stem", new HrNetStem(StemChannels, size, generator)),
        };
        int channels = StemChannels;
        for (int block = 0; block < 4; block++)
        {
            parts.Add((string.Create(CultureInfo.InvariantCulture, $"stage1_block{block}"), ResidualBlock.Bottleneck(channels, StemChannels, 1, generator)));
            channels = StemChannels * ResidualBlock.BottleneckExpansion;
        }

        for (int stage = 0; stage < s_modules.Length; stage++)
        {
            for (int module = 0; module < s_modules[stage]; module++)
            {
                HrNetTransition? transition = module > 0 ? null
                    : stage == 0 ? HrNetTransition.First(channels, Width, generator)
                    : HrNetTransition.Next(Width << stage, generator);
                parts.Add((
                    string.Create(CultureInfo.InvariantCulture, $"stage{stage + 2}_module{module}"),
                    new HrNetModule(stage + 2, Width, transition, branches, generator)));
            }
        }

        int all = Width * 15; // 1 + 2 + 4 + 8
        parts.Add(("head", ObjectContext
            ? new ObjectContextHead(all, Classes, seed, branches, size, generator)
            : new HrNetHead(new LogitsHead(all, all, Classes, 1, hasBias: true, null, generator), branches, size)));
        return new LayeredModel("hrnet", [.. parts]);
    }

    /// <summary>Under this project's own names, but for what is no weight.</summary>
    public override PublishedTensor? Published(string name) =>
        name.EndsWith(SeededDropout.Count, StringComparison.Ordinal) ? null : new(name);

    /// <summary>A module's branches have a quarter of the pixels and four times the parameters, one after the other: half of a module's operations
    /// are as if all its parameters saw the second branch.</summary>
    public override double? Positions(string part) => part switch
    {
        "stem" => 2,
        "head" => 1,
        _ when part.StartsWith("stage1", StringComparison.Ordinal) => 1,
        _ => Math.Pow(0.25, (part["stage".Length] - '1') / 2.0),
    };
}
