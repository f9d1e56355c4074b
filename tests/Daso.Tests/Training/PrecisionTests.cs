using Daso.Data;
using Daso.Models;
using Daso.Recording;
using Daso.Tests.Cluster;
using Daso.Tests.Recording;
using Daso.Training;
using static TorchSharp.torch;

namespace Daso.Tests.Training;

/// <summary>The short training of 2 × 2 ranks in other precisions.</summary>
public class PrecisionTests
{
    [Theory]
    [InlineData(NumberFormat.BFloat16)]
    [InlineData(NumberFormat.Float16)]
    public void The_same_seed_gives_the_same_bits_which_are_not_those_of_float32(NumberFormat format)
    {
        TrainingOutcome[] first = Train(format), second = Train(format), exact = Train(NumberFormat.Float32);

        Assert.Equal(first.Select(one => one.ParametersSha256), second.Select(one => one.ParametersSha256));
        Assert.NotEqual(exact[0].ParametersSha256, first[0].ParametersSha256);
        Assert.Equal(exact[0].Epochs[^1].TrainLoss, first[0].Epochs[^1].TrainLoss, tolerance: 0.05);
    }

    [Fact]
    public void Float16_resumed_ends_with_the_same_bits()
    {
        using var folder = new TemporaryFolder();
        var written = new CheckpointPlan(ShortTraining.Series(folder.Path), new CheckpointInterval(7, IsInEpochs: false), ResumeStep: null);
        string[] whole = [.. Train(NumberFormat.Float16, written).Select(one => one.ParametersSha256)];

        var resumed = new CheckpointPlan(ShortTraining.Series(folder.Path), Every: null, ResumeStep: 14);

        Assert.Equal(whole, Train(NumberFormat.Float16, resumed).Select(one => one.ParametersSha256));
    }

    [Fact]
    public void Weights_with_the_channels_last_give_the_same_gradients_in_another_order()
    {
        using var scope = NewDisposeScope();
        ModelSpec spec = new ResNetSpec { Depth = 18, Classes = 5, Width = 16, InputChannels = 3, Stem = StemKind.SmallImage };
        using var usual = new Replica(spec.Build(1), CPU);
        using var last = new Replica(spec.Build(1), CPU, channelsLast: true);
        var images = linspace(-9, 9, 4 * 3 * 256).sin().view(4, 3, 16, 16);
        foreach (Replica replica in new[] { usual, last })
            replica.Model.Backward(replica.Model.forward(images).square().mean());

        ParameterRange range = usual.ParameterRanges.First(one => one.Shape is [_, > 1, > 1, > 1]);
        Assert.Equal(Of(usual).permute(0, 2, 3, 1).contiguous().view(-1).data<float>().ToArray(), Line(last).data<float>().ToArray());
        foreach ((var mine, var other) in usual.Model.parameters().Zip(last.Model.parameters()))
            Assert.InRange(mine.grad!.sub(other.grad!).norm().item<float>() / mine.grad!.norm().item<float>(), 0, 1e-3);

        Tensor Line(Replica replica) => replica.Parameters.Tensor.narrow(0, range.Offset, range.Length);
        Tensor Of(Replica replica) => Line(replica).view([.. range.Shape]);
    }

    private static TrainingOutcome[] Train(NumberFormat format, CheckpointPlan? checkpoints = null)
    {
        using IDataset data = ShortTraining.Data.Open();
        TrainingPlan plan = ShortTraining.Plan(0, data) with { Precision = new PrecisionSpec { Compute = format }, Checkpoints = checkpoints };
        return TestCluster.Collect(2, 2, ranks => Trainer.Run(plan, ranks, NullRecorder.Instance, observer: null));
    }
}
