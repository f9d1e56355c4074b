using Daso.Specification;
using static TorchSharp.torch;

namespace Daso.Models;

/// <summary>Which of the DeepLab networks.</summary>
public enum DeepLabVersion
{
    /// <summary>arXiv 1706.05587, as torchvision has it.</summary>
    V3,

    /// <summary>arXiv 1802.02611: with a decoder that also sees the first stage.</summary>
    V3Plus,
}

/// <summary>
/// DeepLabv3 or v3+ on a ResNet whose last stages are dilated. Its parts are the stem, each residual block, the pyramid and the head; input
/// float32 [B, 3, H, W], output logits [B, Classes, H, W], in training with an auxiliary head [B, 2 · Classes, H, W], the auxiliary ones
/// last.
/// </summary>
[Specification("deepLab")]
public sealed partial record DeepLabSpec : ModelSpec
{
    private const int Width = 64;
    private const int LowLevelChannels = 48;
    private const int AuxiliaryStage = 2;

    /// <summary>Which network.</summary>
    public DeepLabVersion Version { get; init; } = DeepLabVersion.V3;

    /// <summary>Layers of the ResNet: 50 or 101.</summary>
    [OneOf(50, 101)]
    public required int Depth { get; init; }

    /// <summary>Classes to tell apart.</summary>
    [AtLeast(1)]
    public required int Classes { get; init; }

    /// <summary>Pixels of the image for one of the pyramid's: 8 or 16.</summary>
    [OneOf(8, 16)]
    public int OutputStride { get; init; } = 8;

    /// <summary>Whether the third stage is trained to tell the classes, too; the objective weighs that loss.</summary>
    public bool AuxiliaryHead { get; init; } = true;

    /// <inheritdoc />
    public override LayeredModel Build(int seed)
    {
        Validate();
        using var generator = new Generator((ulong)seed, CPU);
        var size = new ImageSize();
        var body = new ResNetBody(Depth, Width, generator);
        body.Add("stem", new ResNetStem(StemKind.Standard, 3, Width, generator) { Size = size });
        body.AddStage(0, stride: 1, dilation: 1);
        SideOutputs? lowLevel = Version == DeepLabVersion.V3Plus ? KeptBy(body) : null;
        body.AddStage(1, stride: 2, dilation: 1);
        bool isFine = OutputStride == 8;
        body.AddStage(AuxiliaryStage, stride: isFine ? 1 : 2, dilation: isFine ? 2 : 1);
        SideOutputs? third = AuxiliaryHead ? KeptBy(body) : null;
        int thirdChannels = body.Channels;
        body.AddStage(3, stride: 1, dilation: isFine ? 4 : 2, firstDilation: isFine ? 2 : 1);
        int[] rates = isFine ? [12, 24, 36] : [6, 12, 18];
        // v3+'s reference has a lighter dropout behind its pyramid.
        var dropout = new SeededDropout(Version == DeepLabVersion.V3 ? 0.5 : 0.1, seed, 0);
        body.Add("pyramid", new AtrousPyramid(body.Channels, rates, dropout, generator));
        body.Add("head", new DeepLabHead(
            lowLevel is null ? null : new ConvNorm(Width * ResidualBlock.BottleneckExpansion, LowLevelChannels, 1, 1, generator),
            new LogitsHead(
                AtrousPyramid.Channels + (lowLevel is null ? 0 : LowLevelChannels), AtrousPyramid.Channels, Classes, 3, false, null, generator),
            third is null ? null : new LogitsHead(
                thirdChannels, thirdChannels / 4, Classes, 3, false, new SeededDropout(0.1, seed, 1), generator))
        {
            LowLevel = lowLevel,
            Third = third,
            Size = size,
        });
        return new LayeredModel($"deepLab{Depth}", [.. body.Parts]);
    }

    /// <summary>As torchvision names those of v3; v3+ as VainF/DeepLabV3Plus-Pytorch does, and with torchvision's auxiliary head.</summary>
    public override PublishedTensor? Published(string name)
    {
        string[] path = name.Split('.');
        string end = path[^1];
        int norm = path[^2] == "norm" ? 1 : 0;
        bool isPlus = Version == DeepLabVersion.V3Plus;
        if (end == SeededDropout.Count)
            return null;
        if (path[0] is not ("pyramid" or "head"))
            return new($"backbone.{ResNetBody.Published(name)}");
        string pyramid = isPlus ? "classifier.aspp" : "classifier.0";
        return new(path switch
        {
            ["pyramid", "project", ..] => $"{pyramid}.project.{norm}.{end}",
            ["pyramid", "pooled", ..] => $"{pyramid}.convs.4.{norm + 1}.{end}",
            ["pyramid", ..] => $"{pyramid}.convs.{path[1]["branch".Length..]}.{norm}.{end}",
            ["head", "low_level", ..] => $"classifier.project.{norm}.{end}",
            ["head", "auxiliary", "logits", ..] => $"aux_classifier.4.{end}",
            ["head", "auxiliary", ..] => $"aux_classifier.{norm}.{end}",
            ["head", "main", "logits", ..] => isPlus ? $"classifier.classifier.3.{end}" : $"classifier.4.{end}",
            _ => isPlus ? $"classifier.classifier.{norm}.{end}" : $"classifier.{norm + 1}.{end}",
        });
    }

    /// <summary>Pixels of a part's output for one of the first stage's; the head's are those of its larger input.</summary>
    public override double? Positions(string part) => part switch
    {
        "stem" => 4,
        "head" => Version == DeepLabVersion.V3Plus ? 1 : LastStage,
        "pyramid" => LastStage,
        _ => Math.Max(LastStage, Math.Pow(0.25, part["stage".Length] - '1')),
    };

    private double LastStage => OutputStride == 8 ? 1.0 / 4 : 1.0 / 16;

    private static SideOutputs KeptBy(ResNetBody body)
    {
        var kept = new SideOutputs();
        ((ResidualBlock)body.Parts[^1].Module).Side = kept;
        return kept;
    }
}

/// <summary>DeepLab's last layers: v3+'s decoder, the logits, and the auxiliary ones in training.</summary>
internal sealed class DeepLabHead : nn.Module<Tensor, Tensor>
{
    private readonly ConvNorm? _lowLevel;
    private readonly LogitsHead _main;
    private readonly LogitsHead? _auxiliary;

    internal DeepLabHead(ConvNorm? lowLevel, LogitsHead main, LogitsHead? auxiliary)
        : base(nameof(DeepLabHead))
    {
        (_lowLevel, _main, _auxiliary) = (lowLevel, main, auxiliary);
        if (lowLevel is not null)
            register_module("low_level", lowLevel);
        register_module("main", main);
        if (auxiliary is not null)
            register_module("auxiliary", auxiliary);
    }

    /// <summary>The first stage's output; null: of v3.</summary>
    internal SideOutputs? LowLevel { get; init; }

    /// <summary>The third stage's output; null: no auxiliary head.</summary>
    internal SideOutputs? Third { get; init; }

    /// <summary>The image's size.</summary>
    internal required ImageSize Size { get; init; }

    /// <summary>[B, 256, h, w] → logits [B, classes or twice as many, H, W].</summary>
    public override Tensor forward(Tensor input)
    {
        using Tensor? third = Third?.Take()[0];
        using Tensor? decoded = _lowLevel is null ? null : WithLowLevel(input);
        using Tensor main = _main.forward(decoded ?? input);
        using Tensor? auxiliary = training && third is not null ? _auxiliary!.forward(third) : null;
        return SegmentationLogits.Join(main, auxiliary, Size);
    }

    private Tensor WithLowLevel(Tensor input)
    {
        using Tensor kept = LowLevel!.Take()[0];
        using Tensor normed = _lowLevel!.forward(kept);
        using Tensor activated = normed.relu_();
        using Tensor scaled = Upsampling.To(input, activated.shape[2..]);
        return cat([activated, scaled], 1);
    }
}
