using Daso.LibTorch;
using Daso.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Daso.Tests.LibTorch;

public class AutocastTests
{
    [Theory]
    [InlineData(ScalarType.BFloat16)]
    [InlineData(ScalarType.Float16)]
    public void Products_inside_a_region_have_its_type_and_those_after_it_their_own(ScalarType type)
    {
        using DisposeScope scope = NewDisposeScope();
        var autocast = new Autocast(DeviceType.CPU, type);
        Tensor a = ones(4, 4);

        ScalarType inside;
        using (autocast.Enter())
            inside = a.mm(a).dtype;

        Assert.Equal(type, inside);
        Assert.Equal(ScalarType.Float32, a.mm(a).dtype);
    }

    [Fact]
    public void A_region_ends_when_a_part_throws()
    {
        using DisposeScope scope = NewDisposeScope();
        using LayeredModel model = new TransformerSpec { Vocabulary = 11, Context = 8, Layers = 1, Heads = 2, Width = 16 }.Build(1);
        model.Autocast = new Autocast(DeviceType.CPU, ScalarType.BFloat16);

        Assert.ThrowsAny<Exception>(() => model.forward(ones(3, 3)));

        Assert.Equal(ScalarType.Float32, ones(2, 2).mm(ones(2, 2)).dtype);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_model_gives_float32_and_gradients_near_those_of_float32(bool transformer)
    {
        using DisposeScope scope = NewDisposeScope();
        (Tensor Outputs, float[] Gradients) exact = Pass(transformer, autocast: null);
        (Tensor Outputs, float[] Gradients) rounded = Pass(transformer, new Autocast(DeviceType.CPU, ScalarType.BFloat16));

        Assert.Equal(ScalarType.Float32, rounded.Outputs.dtype);
        Assert.NotEqual(exact.Gradients, rounded.Gradients);
        double norm = Math.Sqrt(exact.Gradients.Sum(g => (double)g * g));
        double difference = Math.Sqrt(exact.Gradients.Zip(rounded.Gradients, (x, y) => ((double)x - y) * ((double)x - y)).Sum());
        Assert.InRange(difference / norm, 1e-5, 0.6); // of a ResNet-18 in bfloat16 0.3 is usual, in float16 0.1
    }

    [Fact]
    public void A_function_that_libtorch_lacks_is_named_with_what_needs_it() => Assert.Equal(
        "--fast needs it: this libtorch has no at::fast(bool) (_ZN2at4fastEb in libtorch_cpu.so)",
        Assert.Throws<UserErrorException>(() => Exports.Find(Exports.Cpu, "_ZN2at4fastEb", "at::fast(bool)", "--fast needs it")).Message);

    private static (Tensor Outputs, float[] Gradients) Pass(bool transformer, Autocast? autocast)
    {
        ModelSpec spec = transformer
            ? new TransformerSpec { Vocabulary = 11, Context = 8, Layers = 2, Heads = 2, Width = 32 }
            : new ResNetSpec { Depth = 18, Classes = 5, Width = 16, InputChannels = 1, Stem = StemKind.SmallImage };
        using var replica = new Replica(spec.Build(1), CPU);
        replica.Model.Autocast = autocast;
        Tensor inputs = transformer ? arange(32, dtype: ScalarType.Int64).remainder(11).view(4, 8) : linspace(-1, 1, 8 * 256).sin().view(8, 1, 16, 16);
        Tensor outputs = replica.Model.forward(inputs);
        replica.Model.Backward(outputs.square().mean());
        return (outputs, replica.Gradients.Host.ToArray());
    }
}
