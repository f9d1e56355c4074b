using Daso.Data;
using TorchSharp;

namespace Daso.Tests.Data;

public sealed class SyntheticImagesTests
{
    private static readonly SyntheticImages s_small =
        new() { BatchPerRank = 8, Channels = 3, Size = 12, Classes = 4, TrainSamples = 100, HeldOutSamples = 10 };

    [Fact]
    public void Images_have_the_asked_shape_and_labels_the_asked_range()
    {
        using IDataset images = s_small.Open();
        using IBatchSource source = images.OpenTraining(new Shard(0, 2), 1, torch.CPU);
        source.StartEpoch(0);
        Assert.Equal(6, source.BatchesPerEpoch);
        Batch batch = source.Next();
        Assert.Equal([8, 3, 12, 12], batch.Inputs.shape);
        Assert.All(batch.Labels(), label => Assert.InRange(label, 0, 3));
        Assert.Equal("synthetic", images.Fingerprint);
    }

    [Fact]
    public void Images_of_a_class_resemble_each_other_and_held_out_ones_are_new()
    {
        using IDataset images = (s_small with { BatchPerRank = 1 }).Open();
        using IBatchSource training = images.OpenTraining(new Shard(0, 1), 1, torch.CPU);
        using IBatchSource heldOut = images.OpenHeldOut(new Shard(0, 1), torch.CPU);
        training.StartEpoch(0);
        heldOut.StartEpoch(0);
        float[] first = heldOut.Next().Images();
        List<(float[] Image, long Label)> trained = training.Rest(0, batch => (batch.Images(), batch.Labels()[0]));
        Assert.DoesNotContain(trained, sample => sample.Image.SequenceEqual(first));
        double same = trained.Where(sample => sample.Label == 0).Average(sample => Product(sample.Image, first));
        double other = trained.Where(sample => sample.Label != 0).Average(sample => Product(sample.Image, first));
        Assert.True(same > 3 * Math.Abs(other));

        static double Product(float[] a, float[] b) => a.Zip(b, (x, y) => (double)x * y).Sum();
    }

    [Fact]
    public void A_source_allocates_nothing_in_steady_state()
    {
        using IDataset images = s_small.Open();
        using IBatchSource source = images.OpenTraining(new Shard(0, 1), 1, torch.CPU);
        RunEpochs(0, 2);
        long before = GC.GetAllocatedBytesForCurrentThread();
        RunEpochs(2, 12);
        long perBatch = (GC.GetAllocatedBytesForCurrentThread() - before) / (10 * source.BatchesPerEpoch);
        Assert.InRange(perBatch, 0, 4096);

        void RunEpochs(int from, int to)
        {
            for (int epoch = from; epoch < to; epoch++)
            {
                source.StartEpoch(epoch);
                for (int i = 0; i < source.BatchesPerEpoch; i++)
                    source.Next();
            }
        }
    }
}
