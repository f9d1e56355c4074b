using Daso.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Daso.Tests.Models;

public sealed class ReplicaTests
{
    private static readonly ResNetSpec Spec = new() { Depth = 18, Classes = 3, Width = 2, InputChannels = 1, Stem = StemKind.SmallImage };

    [Fact]
    public void The_ranges_cover_the_flat_buffer_in_the_models_order()
    {
        using var replica = new Replica(Spec.Build(1), CPU);

        Assert.Equal(replica.Model.named_parameters().Select(p => p.name), replica.ParameterRanges.Select(r => r.Name));
        Assert.Equal(replica.Model.parameters().Select(p => (int)p.numel()), replica.ParameterRanges.Select(r => r.Length));
        Assert.Equal(replica.Model.parameters().Select(p => p.shape), replica.ParameterRanges.Select(r => r.Shape));
        int offset = 0;
        foreach (ParameterRange range in replica.ParameterRanges)
        {
            Assert.Equal(offset, range.Offset);
            offset += range.Length;
        }

        Assert.Equal(offset, replica.Parameters.Length);
        Assert.Equal(offset, replica.Gradients.Length);
        offset = 0;
        foreach (FlatRange part in replica.PartRanges)
        {
            Assert.Equal(offset, part.Offset);
            offset += part.Length;
        }

        Assert.Equal(replica.Parameters.Length, offset);
    }

    [Fact]
    public void The_weights_are_kept_and_the_output_is_the_models()
    {
        using DisposeScope scope = NewDisposeScope();
        using LayeredModel plain = Spec.Build(1);
        using var replica = new Replica(Spec.Build(1), CPU);
        Tensor input = Images();

        // Not to the bit: other tests change the number of threads, and with it the order of sums.
        Assert.True(allclose(plain.forward(input), replica.Model.forward(input), rtol: 1e-4, atol: 1e-5));
        Assert.Equal(plain.parameters().SelectMany(p => p.data<float>().ToArray()), replica.Parameters.Host.ToArray());
    }

    [Fact]
    public void What_is_written_to_the_flat_parameters_is_what_the_module_uses()
    {
        using DisposeScope scope = NewDisposeScope();
        using var replica = new Replica(Spec.Build(1), CPU);
        ParameterRange bias = replica.ParameterRanges[^1];
        Tensor input = Images();
        Tensor before = replica.Model.forward(input);

        replica.Parameters.Host.Span.Slice(bias.Offset, bias.Length).Fill(7);

        Assert.Equal("head.linear.bias", bias.Name);
        Assert.True(replica.Model.parameters().Last().eq(7).all().item<bool>());
        Assert.False(allclose(before, replica.Model.forward(input)));
    }

    [Fact]
    public void Gradients_of_several_steps_land_and_add_up_in_the_flat_buffer()
    {
        using DisposeScope scope = NewDisposeScope();
        using LayeredModel plain = Spec.Build(1);
        using var replica = new Replica(Spec.Build(1), CPU);
        Tensor input = Images();
        plain.forward(input).square().sum().backward();
        Tensor expected = cat([.. plain.parameters().Select(p => p.grad!.flatten())]);

        replica.Model.Backward(replica.Model.forward(input).square().sum());
        Assert.True(allclose(expected, replica.Gradients.Tensor, rtol: 1e-3, atol: 1e-4));

        replica.Model.Backward(replica.Model.forward(input).square().sum());
        Assert.True(allclose(expected + expected, replica.Gradients.Tensor, rtol: 1e-3, atol: 1e-4));

        replica.Gradients.Host.Span.Clear();
        replica.Model.Backward(replica.Model.forward(input).square().sum());
        Assert.True(allclose(expected, replica.Gradients.Tensor, rtol: 1e-3, atol: 1e-4));
    }

    [Fact]
    public void A_frozen_layer_stays_out_and_as_it_is()
    {
        using DisposeScope scope = NewDisposeScope();
        LayeredModel model = Spec.Build(1);
        long all = model.parameters().Sum(p => p.numel());
        long frozen = 0;
        foreach (var parameter in model.Parts[2].Module.parameters())
        {
            parameter.requires_grad = false;
            frozen += parameter.numel();
        }

        using var replica = new Replica(model, CPU);
        replica.Model.Backward(replica.Model.forward(Images()).square().sum());

        Assert.Equal(all - frozen, replica.Parameters.Length);
        Assert.Equal(0, replica.PartRanges[2].Length);
        Assert.DoesNotContain(replica.ParameterRanges, r => r.Part == 2);
        Assert.All(model.Parts[2].Module.parameters(), p => Assert.Null(p.grad));
        Assert.Contains(replica.Gradients.Host[..replica.PartRanges[2].Offset].ToArray(), g => g != 0); // flows through it
    }

    [Fact]
    public void A_model_whose_first_parts_are_frozen_trains_the_rest()
    {
        using DisposeScope scope = NewDisposeScope();
        LayeredModel model = Spec.Build(1);
        foreach (var parameter in model.Parts.Take(model.Parts.Count - 1).SelectMany(p => p.Module.parameters()))
            parameter.requires_grad = false;
        using var replica = new Replica(model, CPU);
        var observer = new Recorder();
        model.Observer = observer;

        model.Backward(model.forward(Images()).square().sum());

        Assert.Equal(2 * 8 * 3 + 3, replica.Parameters.Length);
        Assert.Contains(replica.Gradients.Host.ToArray(), g => g != 0);
        Assert.Empty(observer.Parts);
    }

    [Fact]
    public void Disposal_frees_every_tensor()
    {
        long before = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;
        using (NewDisposeScope())
        using (var replica = new Replica(Spec.Build(1), CPU))
            replica.Model.Backward(replica.Model.forward(Images()).sum());

        Assert.Equal(before, DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount);
    }

    private static Tensor Images()
    {
        using var generator = new Generator(9, CPU);
        return empty(2, 1, 8, 8).normal_(0, 1, generator);
    }

    private sealed class Recorder : IBackwardObserver
    {
        internal List<int> Parts { get; } = [];

        public void PartReady(int part) => Parts.Add(part);
    }
}
