using System.Globalization;
using Daso.Specification;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Daso.Models;

/// <summary>
/// GPT-2 (Radford et al. 2019): norms before each sublayer, learned positions, GELU by its tanh approximation, causal attention, the output
/// layer tied to the embedding. Dropout is left out, as in today's recipes of one epoch. Its parts are the embedding, which has the tied
/// table, each block, and the head; input tokens int64 [B, T ≤ Context], output logits [B, T, Vocabulary].
/// </summary>
[Specification("gpt2")]
public sealed partial record Gpt2Spec : ModelSpec
{
    /// <summary>Different tokens: 50,000 merges, 256 bytes and the end of a text.</summary>
    [AtLeast(1)]
    public int Vocabulary { get; init; } = 50_257;

    /// <summary>The longest sequence.</summary>
    [AtLeast(1)]
    public int Context { get; init; } = 1024;

    /// <summary>Blocks.</summary>
    [AtLeast(1)]
    public required int Layers { get; init; }

    /// <summary>Attention heads in each block; divides <see cref="Width"/>.</summary>
    [AtLeast(1)]
    public required int Heads { get; init; }

    /// <summary>Numbers that stand for one token between blocks.</summary>
    [AtLeast(1)]
    public required int Width { get; init; }

    /// <summary>12 blocks of 768: 124 million parameters.</summary>
    public static Gpt2Spec Small { get; } = new() { Layers = 12, Heads = 12, Width = 768 };

    /// <summary>24 blocks of 1024: 355 million.</summary>
    public static Gpt2Spec Medium { get; } = new() { Layers = 24, Heads = 16, Width = 1024 };

    /// <summary>36 blocks of 1280: 774 million.</summary>
    public static Gpt2Spec Large { get; } = new() { Layers = 36, Heads = 20, Width = 1280 };

    /// <summary>48 blocks of 1600: 1.56 billion.</summary>
    public static Gpt2Spec ExtraLarge { get; } = new() { Layers = 48, Heads = 25, Width = 1600 };

    /// <summary>Trainable parameters: the tables; four matrices of attention, two of the mlp, their biases and two norms a block; the last norm.</summary>
    public long Parameters => ((long)Vocabulary + Context) * Width + Layers * (12L * Width * Width + 13L * Width) + 2L * Width;

    /// <inheritdoc />
    public override LayeredModel Build(int seed)
    {
        const double Spread = 0.02;
        Validate();
        using var generator = new Generator((ulong)seed, CPU);
        var shape = new TransformerBlockShape(Width, Heads)
        {
            Gelu = GELU.Approximate.tanh,
            Spread = Spread,
            ResidualSpread = Spread / Math.Sqrt(2.0 * Layers),
        };
        var embedding = new TokenEmbedding(Vocabulary, Context, Width, Spread, generator);
        var parts = new List<(string Name, nn.Module<Tensor, Tensor> Module)> { ("embedding", embedding) };
        for (int i = 0; i < Layers; i++)
            parts.Add((string.Create(CultureInfo.InvariantCulture, $"block{i}"), new TransformerBlock(shape, generator)));
        parts.Add(("head", new TiedTokenHead(Width, embedding)));
        return new LayeredModel("gpt2", [.. parts]);
    }

    /// <summary>As the files of OpenAI's weights in safetensors name them; their matrices of linear layers are [in, out].</summary>
    public override PublishedTensor? Published(string name)
    {
        string[] path = name.Split('.');
        string end = path[^1];
        if (path[0] == "embedding")
            return new(path[1] == "tokens" ? "wte.weight" : "wpe.weight");
        if (path[0] == "head")
            return new($"ln_f.{end}");
        string layer = path[1..^1] switch
        {
            ["attention_norm"] => "ln_1",
            ["mlp_norm"] => "ln_2",
            ["attention", "query_key_value"] => "attn.c_attn",
            ["attention", "output"] => "attn.c_proj",
            ["expand"] => "mlp.c_fc",
            _ => "mlp.c_proj",
        };
        return new($"h.{path[0]["block".Length..]}.{layer}.{end}") { IsTransposed = end == "weight" && !layer.StartsWith("ln", StringComparison.Ordinal) };
    }

    /// <summary>Every token; the embedding is looked up, and its table is multiplied by the head, whose own 2 · Width parameters stand for it.</summary>
    public override double? Positions(string part) => part switch
    {
        "embedding" => 0,
        "head" => Vocabulary / 2.0,
        _ => 1,
    };

    partial void ValidateTogether()
    {
        if (Width % Heads != 0)
            throw new UserErrorException($"Gpt2 with Width {Width} and Heads {Heads}: make Width a multiple of Heads");
    }
}
