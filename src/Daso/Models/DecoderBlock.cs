using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Daso.Models;

/// <summary>x + attention(norm(x)), then x + mlp(norm(x)); the mlp is four times as wide inside.</summary>
internal sealed class DecoderBlock : nn.Module<Tensor, Tensor>
{
    private const int MlpExpansion = 4;

    private readonly LayerNorm _attentionNorm;
    private readonly CausalSelfAttention _attention;
    private readonly LayerNorm _mlpNorm;
    private readonly Linear _expand;
    private readonly Linear _contract;

    internal DecoderBlock(int width, int heads, double spread, double residualSpread, Generator generator)
        : base(nameof(DecoderBlock))
    {
        _attentionNorm = nn.LayerNorm(width);
        _attention = new CausalSelfAttention(width, heads, spread, residualSpread, generator);
        _mlpNorm = nn.LayerNorm(width);
        _expand = nn.Linear(width, MlpExpansion * width);
        _contract = nn.Linear(MlpExpansion * width, width);
        Initialization.NormalLinear(_expand, spread, generator);
        Initialization.NormalLinear(_contract, residualSpread, generator);
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
        using Tensor activated = nn.functional.gelu(expanded);
        using Tensor contracted = _contract.forward(activated);
        return middle.add(contracted, Scalars.One);
    }
}

/// <summary>Multi-head attention in which a token sees itself and what came before it.</summary>
internal sealed class CausalSelfAttention : nn.Module<Tensor, Tensor>
{
    private readonly int _heads;
    private readonly Linear _queryKeyValue;
    private readonly Linear _output;

    internal CausalSelfAttention(int width, int heads, double spread, double residualSpread, Generator generator)
        : base(nameof(CausalSelfAttention))
    {
        _heads = heads;
        _queryKeyValue = nn.Linear(width, 3 * width);
        _output = nn.Linear(width, width);
        Initialization.NormalLinear(_queryKeyValue, spread, generator);
        Initialization.NormalLinear(_output, residualSpread, generator);
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
        using Tensor attended = nn.functional.scaled_dot_product_attention(query, key, value, is_casual: true);
        using Tensor backInOrder = attended.transpose(1, 2);
        using Tensor joined = backInOrder.reshape(batch, length, width);
        return _output.forward(joined);
    }
}
