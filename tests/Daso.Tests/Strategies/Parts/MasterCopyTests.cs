using Daso.Models;
using Daso.Optimization;
using Daso.Strategies;
using static TorchSharp.torch;

namespace Daso.Tests.Strategies;

public sealed class MasterCopyTests
{
    [Fact]
    public void It_keeps_a_range_and_tells_what_has_changed_since()
    {
        using FlatTensor x = RangeReductionTests.Filled(4, i => i);
        using var copy = new MasterCopy(x, new FlatRange(1, 2));
        using var change = new FlatTensor(2, CPU);
        x.Host.Span.Fill(10);

        copy.TakeChange(change);
        Assert.Equal([9f, 8f], change.Host.ToArray());
        copy.TakePseudoGradient(change);
        Assert.Equal([-9f, -8f], change.Host.ToArray());
        copy.Restore();
        Assert.Equal([10f, 1f, 2f, 10f], x.Host.ToArray());
        x.Host.Span.Fill(3);
        copy.Set();
        Assert.Equal([3f, 3f], copy.Values.Host.ToArray());
    }

    [Theory]
    [InlineData(0, 1f)]
    [InlineData(0.25, 2.5f)]
    [InlineData(1, 7f)]
    public void A_blend_weighs_the_own_values_by_alpha(double alpha, float expected)
    {
        using FlatTensor x = RangeReductionTests.Filled(3, _ => 1);
        using var copy = new MasterCopy(x, new FlatRange(0, 3));
        x.Host.Span.Fill(7);
        copy.Blend(alpha);
        Assert.All(x.Host.ToArray(), value => Assert.Equal(expected, value));
    }

    [Fact]
    public void An_outer_optimizer_steps_on_it()
    {
        using FlatTensor x = RangeReductionTests.Filled(3, _ => 5);
        using var copy = new MasterCopy(x, new FlatRange(0, 3));
        using var gradient = new FlatTensor(3, CPU);
        using IOptimizer outer = new SgdSpec(Momentum: 0.5, WeightDecay: 0).Create(copy.Values, gradient);
        for (int round = 0; round < 2; round++)
        {
            x.Host.Span.Fill(1);
            copy.TakePseudoGradient(gradient);
            outer.Step(0.5);
        }

        // v = 4, m = 5 − 0.5·4 = 3; then Δ = 2, v = 0.5·4 + 2 = 4, m = 3 − 2 = 1.
        Assert.Equal([1f, 1f, 1f], copy.Values.Host.ToArray());
    }

    [Fact]
    public void It_survives_saving()
    {
        using FlatTensor x = RangeReductionTests.Filled(3, i => i);
        using var copy = new MasterCopy(x, new FlatRange(0, 3));
        using var stream = new MemoryStream();
        copy.Save(new BinaryWriter(stream));
        x.Host.Span.Clear();
        copy.Set();
        stream.Position = 0;
        copy.Load(new BinaryReader(stream));
        Assert.Equal([0f, 1f, 2f], copy.Values.Host.ToArray());
    }
}
