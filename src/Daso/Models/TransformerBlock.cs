using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Daso.Models;

/// <summary>What the blocks of one Transformer have in common.</summary>
/// <param name="Width">Numbers that stand for one token.</param>
/// <param name="Heads">Attention heads; divides the width.</param>
internal sealed record TransformerBlockShape(int Width, int Heads)
{
    /// <summary>Whether a token sees only itself and what came before it.</summary>
    internal bool IsCausal { get; init; } = true;

    /// <summary>ε of the norms.</summary>
    internal double NormEpsilon { get; init; } = 1e-5;

    /// <summary>How GELU is computed: OpenAI's GPT-2 takes an approximation by tanh.</summary>
    internal GELU.Approximate Gelu { get; init; } = GELU.Approximate.none;

    /// <summary>Standard deviation of the weights at first.</summary>
    internal double Spread { get; init; } = 0.02;

    /// <summary>That of the two layers of a block whose outputs are added to its input.</summary>
    internal double ResidualSpread { get; init; } = 0.02;
}

/// <summary>x + attention(norm(x)), then x + mlp(norm(x)); the mlp is four times as wide inside.</summary>
internal sealed class TransformerBlock : nn.Module<Tensor, Tensor>
{
    private const int MlpExpansion = 4;

    private readonly LayerNorm _attentionNorm;
    private readonly SelfAttention _attention;
    private readonly LayerNorm _mlpNorm;
    private readonly Linear _expand;
    private readonly Linear _contract;
    private readonly GELU.Approximate _gelu;

    internal TransformerBlock(TransformerBlockShape shape, Generator generator)
        : base(nameof(TransformerBlock))
    {
        int width = shape.Width;
        _gelu = shape.Gelu;
        _attentionNorm = nn.LayerNorm(width, shape.NormEpsilon);
        _attention = new SelfAttention(shape, generator);
        _mlpNorm = nn.LayerNorm(width, shape.NormEpsilon);
        _expand = nn.Linear(width, MlpExpansion * width);
        _contract = nn.Linear(MlpExpansion * width, width);
        Initialization.NormalLinear(_expand, shape.Spread, generator);
        Initialization.NormalLinear(_contract, shape.ResidualSpread, generator);
        register_module("attention_norm", _attentionNorm);
        register_module("attention", _attention);
        register_module("mlp_norm", _mlpNorm);
        register_module("expand", _expand);
        register_module("contract", _contract);
    }

    /// <summary>[B, T, width] → the same.</summary>
    public override Tensor forward(Tensor input)
    {
        using Tensor normed = _attentionNorm.forward(input);
        using Tensor attended = _attention.forward(normed);
        using Tensor middle = input.add(attended, Scalars.One);
        using Tensor normedMiddle = _mlpNorm.forward(middle);
        using Tensor expanded = _expand.forward(normedMiddle);
        using Tensor activated = nn.functional.gelu(expanded, _gelu);
        using Tensor contracted = _contract.forward(activated);
        return middle.add(contracted, Scalars.One);
    }
}

/// <summary>Multi-head attention.</summary>
internal sealed class SelfAttention : nn.Module<Tensor, Tensor>
{
    private readonly int _heads;
    private readonly bool _isCausal;
    private readonly Linear _queryKeyValue;
    private readonly Linear _output;

    internal SelfAttention(TransformerBlockShape shape, Generator generator)
        : base(nameof(SelfAttention))
    {
        _heads = shape.Heads;
        _isCausal = shape.IsCausal;
        _queryKeyValue = nn.Linear(shape.Width, 3 * shape.Width);
        _output = nn.Linear(shape.Width, shape.Width);
        Initialization.NormalLinear(_queryKeyValue, shape.Spread, generator);
        Initialization.NormalLinear(_output, shape.ResidualSpread, generator);
        register_module("query_key_value", _queryKeyValue);
        register_module("output", _output);
    }

    /// <summary>[B, T, width] → the same.</summary>
    public override Tensor forward(Tensor input)
    {
        long batch = input.shape[0], length = input.shape[1], width = input.shape[2];
        using Tensor joint = _queryKeyValue.forward(input);
        using Tensor split = joint.view(batch, length, 3, _heads, width / _heads);
        using Tensor ordered = split.permute(2, 0, 3, 1, 4); // [3, B, heads, T, width / heads]
        using Tensor query = ordered.select(0, 0);
        using Tensor key = ordered.select(0, 1);
        using Tensor value = ordered.select(0, 2);
        using Tensor attended = nn.functional.scaled_dot_product_attention(query, key, value, is_casual: _isCausal);
        using Tensor backInOrder = attended.transpose(1, 2);
        using Tensor joined = backInOrder.reshape(batch, length, width);
        return _output.forward(joined);
    }
}
