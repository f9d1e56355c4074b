using Daso.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Daso.Tests.Models;

public sealed class TransformerTests
{
    private static readonly TransformerSpec Small = new() { Vocabulary = 11, Context = 8, Layers = 2, Heads = 2, Width = 16 };

    [Fact]
    public void Has_the_parameters_of_its_formula()
    {
        using LayeredModel model = Small.Build(1);
        const int V = 11, T = 8, L = 2, C = 16;

        long perBlock = (3 * C * C + 3 * C) + (C * C + C) + (4 * C * C + 4 * C) + (4 * C * C + C) + 4 * C;
        Assert.Equal(V * C + T * C + L * perBlock + 2 * C + V * C, model.parameters().Sum(p => p.numel()));
    }

    [Fact]
    public void A_token_sees_only_itself_and_what_came_before()
    {
        using DisposeScope scope = NewDisposeScope();
        using LayeredModel model = Small.Build(1);
        Tensor tokens = tensor(new long[] { 1, 2, 3, 4, 5, 6 }).view(1, 6);
        Tensor changed = tokens.clone();
        changed[0, 4] = 9;

        Tensor before = model.forward(tokens), after = model.forward(changed);

        Assert.Equal([1, 6, 11], before.shape);
        Assert.True(allclose(before.narrow(1, 0, 4), after.narrow(1, 0, 4)));
        Assert.False(allclose(before.narrow(1, 4, 1), after.narrow(1, 4, 1)));
        Assert.False(allclose(before.narrow(1, 5, 1), after.narrow(1, 5, 1)));
    }

    [Fact]
    public void Attention_equals_its_definition()
    {
        using DisposeScope scope = NewDisposeScope();
        using var generator = new Generator(4, CPU);
        using var attention = new SelfAttention(new TransformerBlockShape(6, 2) { Spread = 0.5, ResidualSpread = 0.5 }, generator);
        Tensor x = empty(1, 4, 6).normal_(0, 1, generator);
        Dictionary<string, Tensor> p = attention.named_parameters().ToDictionary(n => n.name, n => (Tensor)n.parameter);

        Tensor joint = nn.functional.linear(x, p["query_key_value.weight"], p["query_key_value.bias"]);
        var heads = new List<Tensor>();
        for (int h = 0; h < 2; h++)
        {
            Tensor query = joint.narrow(2, 3 * h, 3), key = joint.narrow(2, 6 + 3 * h, 3), value = joint.narrow(2, 12 + 3 * h, 3);
            Tensor scores = query.matmul(key.transpose(1, 2)) / Math.Sqrt(3);
            Tensor future = ones(4, 4, ScalarType.Bool).triu(1);
            heads.Add(scores.masked_fill(future, double.NegativeInfinity).softmax(-1).matmul(value));
        }

        Tensor expected = nn.functional.linear(cat(heads, 2), p["output.weight"], p["output.bias"]);
        Assert.True(allclose(expected, attention.forward(x), 1e-5, 1e-6));
    }

    [Fact]
    public void Starts_as_GPT_2_does()
    {
        using DisposeScope scope = NewDisposeScope();
        using LayeredModel model = (Small with { Width = 64, Vocabulary = 200 }).Build(3);
        Dictionary<string, Tensor> p = model.named_parameters().ToDictionary(n => n.name, n => (Tensor)n.parameter);

        Assert.Equal(0.02, p["embedding.tokens.weight"].std().item<float>(), 0.001);
        Assert.Equal(0.02, p["block0.expand.weight"].std().item<float>(), 0.001);
        Assert.Equal(0.01, p["block1.contract.weight"].std().item<float>(), 0.0005); // 0.02 / √(2·2)
        Assert.Equal(0.01, p["block1.attention.output.weight"].std().item<float>(), 0.0005);
        Assert.Equal(0, p["block1.contract.bias"].abs().sum().item<float>());
    }

    [Fact]
    public void The_same_seed_gives_the_same_bits()
    {
        using LayeredModel first = Small.Build(5), second = Small.Build(5), other = Small.Build(6);

        Assert.Equal(Bits(first), Bits(second));
        Assert.NotEqual(Bits(first), Bits(other));
    }

    [Fact]
    public void Heads_that_do_not_divide_the_width_are_the_users_mistake()
    {
        UserErrorException error = Assert.Throws<UserErrorException>(() => (Small with { Heads = 3 }).Build(1));

        Assert.Contains("Heads 3", error.Message, StringComparison.Ordinal);
    }

    private static float[] Bits(LayeredModel model) => [.. model.parameters().SelectMany(p => p.data<float>().ToArray())];
}
