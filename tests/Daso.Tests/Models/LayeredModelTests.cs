using Daso.Models;
using Daso.Objectives;
using TorchSharp;
using static TorchSharp.torch;

namespace Daso.Tests.Models;

public sealed class LayeredModelTests
{
    private static readonly ModelSpec ResNet =
        new ResNetSpec { Depth = 50, Classes = 5, Width = 2, InputChannels = 1, Stem = StemKind.SmallImage };

    private static readonly ModelSpec Transformer = new TransformerSpec { Vocabulary = 11, Context = 8, Layers = 3, Heads = 2, Width = 16 };

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Gradients_are_final_when_their_part_is_reported(bool transformer)
    {
        using DisposeScope scope = NewDisposeScope();
        using var replica = new Replica((transformer ? Transformer : ResNet).Build(1), CPU);
        var snapshots = new Snapshots(replica);
        replica.Model.Observer = snapshots;

        replica.Model.Backward(Loss(replica.Model, transformer));

        float[] final = replica.Gradients.Host.ToArray();
        Assert.Equal(Enumerable.Range(1, replica.PartRanges.Length - 1).Reverse(), snapshots.Taken.Select(s => s.Part));
        foreach ((int part, float[] gradients) in snapshots.Taken)
        {
            int from = replica.PartRanges[part].Offset;
            Assert.Equal(final[from..], gradients[from..]);
            Assert.All(gradients[..from], g => Assert.Equal(0, g)); // earlier parts are still to come
            Assert.Contains(gradients[from..], g => g != 0);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void An_observer_changes_no_bit(bool transformer)
    {
        using DisposeScope scope = NewDisposeScope();
        float[][] gradients = [.. new IBackwardObserver?[] { null, new Counter() }.Select(observer =>
        {
            using var replica = new Replica((transformer ? Transformer : ResNet).Build(1), CPU);
            replica.Model.Observer = observer;
            replica.Model.Backward(Loss(replica.Model, transformer));
            return replica.Gradients.Host.ToArray();
        })];

        Assert.Equal(gradients[0], gradients[1]);
    }

    [Fact]
    public void An_observers_exception_comes_out_of_backward_and_the_next_pass_works()
    {
        using DisposeScope scope = NewDisposeScope();
        using LayeredModel model = Transformer.Build(1);
        model.Observer = new Thrower();

        InvalidOperationException error = Assert.Throws<InvalidOperationException>(() => model.Backward(Loss(model, transformer: true)));

        Assert.Equal("part 4", error.Message); // the first report; later ones are not made
        var counter = new Counter();
        model.Observer = counter;
        model.Backward(Loss(model, transformer: true));
        Assert.Equal(4, counter.Calls);
    }

    [Fact]
    public void Steps_leave_no_tensor_behind()
    {
        using var replica = new Replica(Transformer.Build(1), CPU);
        replica.Model.Observer = new Counter();
        long live = 0;
        for (int step = 0; step < 30; step++)
        {
            using (NewDisposeScope())
                replica.Model.Backward(Loss(replica.Model, transformer: true));
            if (step == 1)
                live = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;
        }

        Assert.Equal(live, DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Evaluation_leaves_only_its_output_behind(bool transformer)
    {
        using LayeredModel model = (transformer ? Transformer : ResNet).Build(1);
        model.eval();
        using Tensor input = Input(transformer);
        using var _ = no_grad();
        using DisposeScope scope = NewDisposeScope();

        model.forward(input);

        Assert.Equal(1, scope.DisposablesCount);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Parameters_and_buffers_follow_a_move(bool transformer) // to double: on a machine without a GPU the nearest thing to one
    {
        using DisposeScope scope = NewDisposeScope();
        using LayeredModel model = (transformer ? Transformer : ResNet).Build(1);
        Tensor input = Input(transformer);
        Tensor before = model.forward(input);

        model.to(ScalarType.Float64);

        Assert.All(model.parameters().Concat(model.buffers()).Where(t => t.is_floating_point()), t => Assert.Equal(ScalarType.Float64, t.dtype));
        Tensor after = model.forward(transformer ? input : input.to(ScalarType.Float64));
        Assert.Equal(ScalarType.Float64, after.dtype);
        Assert.True(allclose(before, after.to(ScalarType.Float32), 1e-3, 1e-3));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Disposal_frees_every_tensor(bool transformer)
    {
        long before = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;

        (transformer ? Transformer : ResNet).Build(1).Dispose();

        Assert.Equal(before, DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount);
    }

    private static Tensor Input(bool transformer)
    {
        using var generator = new Generator(9, CPU);
        return transformer
            ? randint(0, 11, [3, 8], dtype: ScalarType.Int64, generator: generator)
            : empty(3, 1, 9, 9).normal_(0, 1, generator);
    }

    private static Tensor Loss(LayeredModel model, bool transformer)
    {
        Tensor targets = transformer ? zeros(3, 8, dtype: ScalarType.Int64) : zeros(3, dtype: ScalarType.Int64);
        return CrossEntropySpec.Default.Loss(model.forward(Input(transformer)), targets);
    }

    private sealed class Snapshots(Replica replica) : IBackwardObserver
    {
        internal List<(int Part, float[] Gradients)> Taken { get; } = [];

        public void PartReady(int part) => Taken.Add((part, replica.Gradients.Host.ToArray()));
    }

    private sealed class Counter : IBackwardObserver
    {
        internal int Calls { get; private set; }

        public void PartReady(int part) => Calls++;
    }

    private sealed class Thrower : IBackwardObserver
    {
        public void PartReady(int part) => throw new InvalidOperationException($"part {part}");
    }
}
