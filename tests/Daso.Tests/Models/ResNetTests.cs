using Daso.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Daso.Tests.Models;

public sealed class ResNetTests
{
    private static readonly ResNetSpec Small = new() { Depth = 18, Classes = 10, Width = 4, InputChannels = 1, Stem = StemKind.SmallImage };

    [Theory]
    [InlineData(18, 11_689_512)]
    [InlineData(34, 21_797_672)]
    [InlineData(50, 25_557_032)]
    public void Has_as_many_parameters_as_the_published_networks(int depth, long parameters)
    {
        using LayeredModel model = new ResNetSpec { Depth = depth, Classes = 1000 }.Build(1);

        Assert.Equal(parameters, model.parameters().Sum(p => p.numel()));
    }

    [Theory]
    [InlineData(18, StemKind.Standard, 64)]
    [InlineData(50, StemKind.Standard, 33)]
    [InlineData(50, StemKind.SmallImage, 9)]
    public void Maps_images_to_logits_and_back_propagates(int depth, StemKind stem, int size)
    {
        using DisposeScope scope = NewDisposeScope();
        using LayeredModel model = new ResNetSpec { Depth = depth, Classes = 7, Width = 4, Stem = stem }.Build(1);

        Tensor logits = model.forward(ones(2, 3, size, size));
        logits.sum().backward();

        Assert.Equal([2, 7], logits.shape);
        Assert.All(model.parameters(), p => Assert.NotNull(p.grad));
    }

    [Fact]
    public void One_value_a_channel_is_refused_in_training_with_the_settings_that_cause_it()
    {
        using DisposeScope scope = NewDisposeScope();
        using LayeredModel model = new ResNetSpec { Depth = 18, Classes = 10, Width = 4 }.Build(1);

        // A quarter by the stem, then halved three times: 1 × 1 is left of 32 × 32.
        string message = Assert.Throws<UserErrorException>(() => model.forward(ones(1, 3, 32, 32))).Message;
        Assert.Contains("--batch", message, StringComparison.Ordinal);
        Assert.Contains("--crop", message, StringComparison.Ordinal);
        Assert.Equal([2, 10], model.forward(ones(2, 3, 32, 32)).shape);
        Assert.Equal([1, 10], model.forward(ones(1, 3, 33, 33)).shape);
        model.eval();
        Assert.Equal([1, 10], model.forward(ones(1, 3, 32, 32)).shape);
    }

    [Theory]
    [InlineData(1, 2, 7, 8)]
    [InlineData(1, 3, 8, 5)]
    [InlineData(3, 2, 7, 6)]
    public void A_strided_layer_equals_the_direct_convolution(int kernel, int stride, int height, int width)
    {
        using DisposeScope scope = NewDisposeScope();
        using var generator = new Generator(3, CPU);
        using var layer = new ConvNorm(5, 6, kernel, stride, generator);
        layer.eval(); // the norm's running mean is 0 and its variance 1: it scales by 1/√(1 + ε)
        Tensor input = empty(2, 5, height, width).normal_(0, 1, generator).requires_grad_();
        Tensor weight = layer.parameters().First().detach().clone().requires_grad_();

        Tensor direct = nn.functional.conv2d(input, weight, strides: [stride, stride], padding: [kernel / 2, kernel / 2]) / Math.Sqrt(1 + 1e-5);
        Tensor output = layer.forward(input);

        Assert.True(allclose(direct, output, 1e-5, 1e-6));
        output.square().sum().backward();
        Tensor gradient = input.grad!.clone();
        input.grad.zero_();
        if (kernel > 1)
            direct.square().sum().backward(); // the direct strided 1×1 backward is what crashes on some machines
        else
            DenseGradient(weight, output, stride, input.grad);
        Assert.True(allclose(gradient, input.grad, 1e-4, 1e-5));
        Assert.NotNull(layer.parameters().First().grad);
    }

    [Fact]
    public void The_same_seed_gives_the_same_bits_and_another_seed_others()
    {
        using LayeredModel first = Small.Build(5), second = Small.Build(5), other = Small.Build(6);

        Assert.Equal(Bits(first), Bits(second));
        Assert.NotEqual(Bits(first), Bits(other));
    }

    [Fact]
    public void Threads_that_build_at_once_get_the_same_bits()
    {
        using LayeredModel alone = Small.Build(5);
        var together = new float[4][];
        Thread[] threads = [.. Enumerable.Range(0, 4).Select(i => new Thread(() =>
        {
            using LayeredModel model = Small.Build(5);
            together[i] = Bits(model);
        }))];
        foreach (Thread thread in threads)
            thread.Start();
        foreach (Thread thread in threads)
            thread.Join();

        Assert.All(together, bits => Assert.Equal(Bits(alone), bits));
    }

    [Fact]
    public void Convolutions_start_with_He_spread_and_norms_with_one_and_zero()
    {
        using DisposeScope scope = NewDisposeScope();
        using LayeredModel model = (Small with { Width = 32 }).Build(2);
        foreach ((string name, var parameter) in model.named_parameters())
        {
            if (name.EndsWith("norm.weight", StringComparison.Ordinal))
                Assert.True(parameter.eq(1).all().item<bool>(), name);
            else if (name.EndsWith("norm.bias", StringComparison.Ordinal))
                Assert.True(parameter.eq(0).all().item<bool>(), name);
            else if (name.EndsWith("convolution.weight", StringComparison.Ordinal) && parameter.numel() > 5000)
                Assert.Equal(1, parameter.std().item<float>() / Math.Sqrt(2.0 / (parameter.shape[0] * parameter.shape[2] * parameter.shape[3])), 0.05);
        }
    }

    [Fact]
    public void A_depth_without_a_network_is_the_users_mistake()
    {
        UserErrorException error = Assert.Throws<UserErrorException>(() => (Small with { Depth = 19 }).Build(1));

        Assert.Contains("19", error.Message, StringComparison.Ordinal);
    }

    private static void DenseGradient(Tensor weight, Tensor output, int stride, Tensor target)
    {
        using var _ = no_grad();
        Tensor outer = 2 * output.detach() / Math.Sqrt(1 + 1e-5); // of Σ y² through the norm
        Tensor matrix = weight.detach().view(weight.shape[0], weight.shape[1]);
        for (int row = 0; row < output.shape[2]; row++)
        {
            for (int column = 0; column < output.shape[3]; column++)
                target[.., .., row * stride, column * stride].copy_(outer[.., .., row, column].matmul(matrix));
        }
    }

    private static float[] Bits(LayeredModel model) => [.. model.parameters().SelectMany(p => p.data<float>().ToArray())];
}
