using Daso.Models;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Daso.Tests.Models;

/// <summary>Convolutions beside double precision.</summary>
public sealed class ConvolutionTests
{
    [Theory]
    [InlineData(4, 4, 3)]
    [InlineData(16, 2, 9)]
    [InlineData(3, 24, 16)]
    public void Gradients_are_right_for_any_number_of_channels(int inputs, int outputs, int size)
    {
        using DisposeScope scope = NewDisposeScope();
        using var generator = new Generator(3, CPU);
        using Conv2d layer = nn.Conv2d(inputs, outputs, 3, padding: 1, bias: false);
        Tensor input = empty(3, inputs, size, size).normal_(0, 1, generator);
        using (no_grad())
            layer.weight.normal_(0, 1, generator);

        (Tensor ofInput, Tensor ofWeight) = Gradients(input, leaf => PaddedConvolution.Forward(layer, leaf), () => layer.weight.grad!);
        Tensor weight = layer.weight.detach().to(ScalarType.Float64).requires_grad_(true);
        (Tensor exactInput, Tensor exactWeight) = Gradients(
            input.to(ScalarType.Float64), leaf => nn.functional.conv2d(leaf, weight, padding: [1, 1]), () => weight.grad!);

        Assert.True(allclose(exactInput, ofInput.to(ScalarType.Float64), rtol: 1e-3, atol: 1e-3));
        Assert.True(allclose(exactWeight, ofWeight.to(ScalarType.Float64), rtol: 1e-3, atol: 1e-3));
    }

    private static (Tensor OfInput, Tensor OfWeight) Gradients(Tensor input, Func<Tensor, Tensor> convolve, Func<Tensor> ofWeight)
    {
        Tensor leaf = input.detach().clone().requires_grad_(true);
        convolve(leaf).square().sum().backward();
        return (leaf.grad!, ofWeight());
    }
}
