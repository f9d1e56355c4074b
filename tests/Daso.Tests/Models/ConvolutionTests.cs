using TorchSharp;
using static TorchSharp.torch;

namespace Daso.Tests.Models;

/// <summary>libtorch's convolutions as a run sets them up, beside double precision.</summary>
public sealed class ConvolutionTests
{
    [Theory]
    [InlineData(4, 4, 3)]
    [InlineData(16, 2, 9)]
    [InlineData(3, 24, 16)]
    public void Gradients_of_inputs_are_right_for_any_number_of_channels(int inputs, int outputs, int size)
    {
        using DisposeScope scope = NewDisposeScope();
        using var generator = new Generator(3, CPU);
        Tensor input = empty(3, inputs, size, size).normal_(0, 1, generator);
        Tensor weight = empty(outputs, inputs, 3, 3).normal_(0, 1, generator);

        Tensor single = InputGradient(input, weight), exact = InputGradient(input.to(ScalarType.Float64), weight.to(ScalarType.Float64));

        Assert.True(allclose(exact, single.to(ScalarType.Float64), rtol: 1e-3, atol: 1e-3));
    }

    private static Tensor InputGradient(Tensor input, Tensor weight)
    {
        Tensor leaf = input.detach().clone().requires_grad_(true);
        nn.functional.conv2d(leaf, weight, padding: [1, 1]).square().sum().backward();
        return leaf.grad!;
    }
}
