using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Daso.Models;

/// <summary>Token embedding plus learned position embedding.</summary>
internal sealed class TokenEmbedding : nn.Module<Tensor, Tensor>
{
    private readonly Embedding _tokens;
    private readonly Embedding _positions;

    internal TokenEmbedding(int vocabulary, int context, int width, double spread, Generator generator)
        : base(nameof(TokenEmbedding))
    {
        _tokens = nn.Embedding(vocabulary, width);
        _positions = nn.Embedding(context, width);
        Initialization.NormalEmbedding(_tokens, spread, generator);
        Initialization.NormalEmbedding(_positions, spread, generator);
        register_module("tokens", _tokens);
        register_module("positions", _positions);
    }

    /// <summary>int64 [B, T] → [B, T, width].</summary>
    public override Tensor forward(Tensor input)
    {
        using Tensor places = arange(input.shape[1], dtype: ScalarType.Int64, device: input.device);
        using Tensor positions = _positions.forward(places);
        using Tensor tokens = _tokens.forward(input);
        return tokens.add(positions, Scalars.One);
    }
}

/// <summary>The last norm and the output layer.</summary>
internal sealed class TokenHead : nn.Module<Tensor, Tensor>
{
    private readonly LayerNorm _norm;
    private readonly Linear _linear;

    internal TokenHead(int width, int vocabulary, double spread, Generator generator)
        : base(nameof(TokenHead))
    {
        _norm = nn.LayerNorm(width);
        _linear = nn.Linear(width, vocabulary, hasBias: false);
        Initialization.NormalLinear(_linear, spread, generator);
        register_module("norm", _norm);
        register_module("linear", _linear);
    }

    /// <summary>[B, T, width] → logits [B, T, vocabulary].</summary>
    public override Tensor forward(Tensor input)
    {
        using Tensor normed = _norm.forward(input);
        return _linear.forward(normed);
    }
}
