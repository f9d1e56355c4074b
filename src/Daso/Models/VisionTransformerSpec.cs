using System.Globalization;
using Daso.Specification;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Daso.Models;

/// <summary>
/// A vision Transformer (Dosovitskiy et al., arXiv 2010.11929) with a class token, learned positions and norms before each sublayer,
/// without dropout; by default ViT-S/16 for 224 × 224 pixels. Weights start normal with a spread of 0.02, biases as 0. Its parts are the
/// patches, each block, and the head; input float32 [B, 3, ImageSize, ImageSize], output logits [B, Classes].
/// </summary>
[Specification("visionTransformer")]
public sealed partial record VisionTransformerSpec : ModelSpec
{
    /// <summary>ε of the norms.</summary>
    internal const double NormEpsilon = 1e-6;

    /// <summary>Classes to tell apart.</summary>
    [AtLeast(1)]
    public required int Classes { get; init; }

    /// <summary>Pixels on each side of an image; a multiple of <see cref="Patch"/>.</summary>
    [AtLeast(1)]
    public int ImageSize { get; init; } = 224;

    /// <summary>Pixels on each side of what becomes one token.</summary>
    [AtLeast(1)]
    public int Patch { get; init; } = 16;

    /// <summary>Blocks.</summary>
    [AtLeast(1)]
    public int Layers { get; init; } = 12;

    /// <summary>Attention heads in each block; divides <see cref="Width"/>.</summary>
    [AtLeast(1)]
    public int Heads { get; init; } = 6;

    /// <summary>Numbers that stand for one token between blocks.</summary>
    [AtLeast(1)]
    public int Width { get; init; } = 384;

    private int Tokens => ImageSize / Patch * (ImageSize / Patch) + 1;

    /// <inheritdoc />
    public override LayeredModel Build(int seed)
    {
        Validate();
        using var generator = new Generator((ulong)seed, CPU);
        var shape = new TransformerBlockShape(Width, Heads) { IsCausal = false, NormEpsilon = NormEpsilon };
        var parts = new List<(string Name, nn.Module<Tensor, Tensor> Module)>
        {
            ("patches", new PatchEmbedding(Patch, Tokens, Width, shape.Spread, generator)),
        };
        for (int i = 0; i < Layers; i++)
            parts.Add((string.Create(CultureInfo.InvariantCulture, $"block{i}"), new TransformerBlock(shape, generator)));
        parts.Add(("head", new ClassTokenHead(Width, Classes, shape.Spread, generator)));
        return new LayeredModel("visionTransformer", [.. parts]);
    }

    /// <summary>As torchvision's VisionTransformer names them.</summary>
    public override PublishedTensor? Published(string name)
    {
        string[] path = name.Split('.');
        string end = path[^1];
        return path switch
        {
            ["patches", "projection", ..] => new($"conv_proj.{end}"),
            ["patches", "class_token", ..] => new("class_token") { LeadingOnes = 1 },
            ["patches", ..] => new("encoder.pos_embedding") { LeadingOnes = 1 },
            ["head", "norm", ..] => new($"encoder.ln.{end}"),
            ["head", ..] => new($"heads.head.{end}"),
            _ => new($"encoder.layers.encoder_layer_{path[0]["block".Length..]}." + (path[1..^1] switch
            {
                ["attention_norm"] => $"ln_1.{end}",
                ["mlp_norm"] => $"ln_2.{end}",
                ["attention", "query_key_value"] => $"self_attention.in_proj_{end}",
                ["attention", "output"] => $"self_attention.out_proj.{end}",
                ["expand"] => $"mlp.0.{end}",
                _ => $"mlp.3.{end}",
            })),
        };
    }

    /// <summary>Every token; the head sees the class token alone.</summary>
    public override double? Positions(string part) => part == "head" ? 1.0 / Tokens : 1;

    partial void ValidateTogether()
    {
        if (Width % Heads != 0)
            throw new UserErrorException($"VisionTransformer with Width {Width} and Heads {Heads}: make Width a multiple of Heads");
        if (ImageSize % Patch != 0)
            throw new UserErrorException($"VisionTransformer with ImageSize {ImageSize} and Patch {Patch}: make ImageSize a multiple of Patch");
    }
}

/// <summary>An image's patches as tokens, the class token before them, each with its position.</summary>
internal sealed class PatchEmbedding : nn.Module<Tensor, Tensor>
{
    private readonly Conv2d _projection;
    private readonly Embedding _classToken;
    private readonly Embedding _positions;

    internal PatchEmbedding(int patch, int tokens, int width, double spread, Generator generator)
        : base(nameof(PatchEmbedding))
    {
        _projection = nn.Conv2d(3, width, patch, patch);
        // Tables of which all rows are used: a module's parameter goes with it to a device.
        _classToken = nn.Embedding(1, width);
        _positions = nn.Embedding(tokens, width);
        Initialization.Normal(_projection.weight, spread, generator);
        Initialization.Zero(_projection.bias!);
        Initialization.NormalEmbedding(_classToken, spread, generator);
        Initialization.NormalEmbedding(_positions, spread, generator);
        register_module("projection", _projection);
        register_module("class_token", _classToken);
        register_module("positions", _positions);
    }

    /// <summary>[B, 3, H, W] → [B, tokens, width].</summary>
    public override Tensor forward(Tensor input)
    {
        using Tensor projected = _projection.forward(input);
        using Tensor lines = projected.flatten(2);
        using Tensor patches = lines.transpose(1, 2);
        using Tensor table = _classToken.weight!;
        using Tensor first = table.expand(input.shape[0], 1, table.shape[1]);
        using Tensor tokens = cat([first, patches], 1);
        using Tensor positions = _positions.weight!;
        return tokens.add(positions, Scalars.One);
    }
}

/// <summary>The last norm, and the classes from the class token.</summary>
internal sealed class ClassTokenHead : nn.Module<Tensor, Tensor>
{
    private readonly LayerNorm _norm;
    private readonly Linear _linear;

    internal ClassTokenHead(int width, int classes, double spread, Generator generator)
        : base(nameof(ClassTokenHead))
    {
        _norm = nn.LayerNorm(width, VisionTransformerSpec.NormEpsilon);
        _linear = nn.Linear(width, classes);
        Initialization.NormalLinear(_linear, spread, generator);
        register_module("norm", _norm);
        register_module("linear", _linear);
    }

    /// <summary>[B, tokens, width] → logits [B, classes].</summary>
    public override Tensor forward(Tensor input)
    {
        using Tensor first = input.select(1, 0);
        using Tensor normed = _norm.forward(first);
        return _linear.forward(normed);
    }
}
