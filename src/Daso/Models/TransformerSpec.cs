using Daso.Specification;
using static TorchSharp.torch;

namespace Daso.Models;

/// <summary>
/// A decoder-only Transformer in the manner of GPT-2: norms before each sublayer, learned positions, GELU, causal attention, no dropout,
/// the output layer not tied to the embedding. Its parts are the embedding, each block, and the head; input tokens int64 [B, T ≤ Context],
/// output logits [B, T, Vocabulary].
/// </summary>
[Specification("transformer")]
public sealed partial record TransformerSpec : ModelSpec
{
    private const double InitialSpread = 0.02;

    /// <summary>Different tokens.</summary>
    [AtLeast(1)]
    public required int Vocabulary { get; init; }

    /// <summary>The longest sequence.</summary>
    [AtLeast(1)]
    public required int Context { get; init; }

    /// <summary>Blocks.</summary>
    [AtLeast(1)]
    public required int Layers { get; init; }

    /// <summary>Attention heads in each block; divides <see cref="Width"/>.</summary>
    [AtLeast(1)]
    public required int Heads { get; init; }

    /// <summary>Numbers that stand for one token between blocks.</summary>
    [AtLeast(1)]
    public required int Width { get; init; }

    /// <inheritdoc />
    public override LayeredModel Build(int seed)
    {
        Validate();
        using var generator = new Generator((ulong)seed, CPU);
        var shape = new TransformerBlockShape(Width, Heads) { Spread = InitialSpread, ResidualSpread = InitialSpread / Math.Sqrt(2.0 * Layers) };
        var parts = new List<(string Name, nn.Module<Tensor, Tensor> Module)>
        {
            ("embedding", new TokenEmbedding(Vocabulary, Context, Width, InitialSpread, generator)),
        };
        for (int i = 0; i < Layers; i++)
            parts.Add(($"block{i}", new TransformerBlock(shape, generator)));
        parts.Add(("head", new TokenHead(Width, Vocabulary, InitialSpread, generator)));
        return new LayeredModel("transformer", [.. parts]);
    }

    /// <summary>Every token, but for the embedding, which is looked up.</summary>
    public override double? Positions(string part) => part == "embedding" ? 0 : 1;

    partial void ValidateTogether()
    {
        if (Width % Heads != 0)
            throw new UserErrorException($"Transformer with Width {Width} and Heads {Heads}: make Width a multiple of Heads");
    }
}
