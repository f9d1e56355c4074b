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

    /// <summary>The tokens' table [vocabulary, width], for a head that is tied to it; the caller's to dispose.</summary>
    internal Tensor TokenTable() => _tokens.weight!;

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

/// <summary>
/// The last norm and an output layer whose weight is the embedding's table. The table belongs to the embedding: its gradient, of both uses,
/// is complete when backward is.
/// </summary>
internal sealed class TiedTokenHead : nn.Module<Tensor, Tensor>
{
    private readonly LayerNorm _norm;
    private readonly Func<Tensor> _table;

    internal TiedTokenHead(int width, TokenEmbedding embedding)
        : base(nameof(TiedTokenHead))
    {
        _norm = nn.LayerNorm(width);
        _table = embedding.TokenTable; // a field that is a module would make its parameters this one's, too
        register_module("norm", _norm);
    }

    /// <summary>[B, T, width] → logits [B, T, vocabulary].</summary>
    public override Tensor forward(Tensor input)
    {
        using Tensor normed = _norm.forward(input);
        using Tensor table = _table();
        return nn.functional.linear(normed, table);
    }
}
