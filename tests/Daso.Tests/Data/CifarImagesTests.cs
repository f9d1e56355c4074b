using Daso.Data;
using Daso.Specification;
using TorchSharp;

namespace Daso.Tests.Data;

public sealed class CifarImagesTests : IDisposable
{
    private const int Pixels = 3 * 32 * 32;
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Cifar10_is_read_in_the_order_of_its_files()
    {
        WriteCifar10();
        using IDataset images = Spec(CifarSet.Cifar10).Open();
        Assert.Equal((10, 2, "images"), (images.TrainSamples, images.HeldOutSamples, images.Unit));
        using IBatchSource source = images.OpenHeldOut(new Shard(0, 1), torch.CPU);
        source.StartEpoch(0);
        Batch batch = source.Next();
        Assert.Equal([1, 3, 32, 32], batch.Inputs.shape);
        Assert.Equal(7, batch.Labels()[0]);

        // All of a training image's pixels have one value, 20·file + 10·image + colour: each colour's mean lies in the middle of them.
        float[] values = batch.Images();
        double deviation = Math.Sqrt(Enumerable.Range(0, 10).Average(i => (10 * i - 45.0) * (10 * i - 45.0)));
        Assert.Equal((200 - 65) / deviation, values[0], 1e-4);
        Assert.Equal((201 - 66) / deviation, values[32 * 32], 1e-4);
    }

    [Theory]
    [InlineData(CifarSet.Cifar100, 55)]
    [InlineData(CifarSet.Cifar100Coarse, 11)]
    public void Cifar100_has_two_labels(CifarSet kind, int label)
    {
        Write("train.bin", Record([3, 90], 10), Record([4, 91], 200));
        Write("test.bin", Record([11, 55], 100));
        using IDataset images = Spec(kind).Open();
        using IBatchSource source = images.OpenHeldOut(new Shard(0, 1), torch.CPU);
        source.StartEpoch(0);
        Assert.Equal([(long)label], source.Next().Labels());
    }

    [Fact]
    public void Training_images_are_shifted_and_mirrored_anew_in_each_epoch_and_held_out_ones_are_not()
    {
        byte[] image = new byte[Pixels];
        for (int i = 0; i < Pixels; i++)
            image[i] = (byte)(8 * (i % 32) + 1);
        Write("train.bin", [1, 1, .. image]);
        Write("test.bin", [1, 1, .. image]);
        using IDataset images = Spec(CifarSet.Cifar100).Open();
        using IBatchSource training = images.OpenTraining(new Shard(0, 1), 3, torch.CPU);
        using IBatchSource heldOut = images.OpenHeldOut(new Shard(0, 1), torch.CPU);
        heldOut.StartEpoch(0);
        float[] straight = heldOut.Next().Images()[..32];
        Assert.Equal(straight.Order(), straight);
        var seen = new HashSet<string>();
        for (int epoch = 0; epoch < 200; epoch++)
        {
            training.StartEpoch(epoch);
            float[] row = training.Next().Images()[(16 * 32)..(17 * 32)];
            bool mirrored = row[10] > row[20];
            float[] upright = mirrored ? [.. row.Reverse()] : row;
            int shift = Array.IndexOf(straight, upright[16]) - 16;
            Assert.InRange(shift, -4, 4);
            for (int x = 0; x < 32; x++)
                Assert.Equal(x + shift is >= 0 and < 32 ? straight[x + shift] : straight[0] - (straight[1] - straight[0]) / 8, upright[x], 1e-5);
            seen.Add($"{shift} {mirrored}");
        }

        Assert.Equal(18, seen.Count);
    }

    [Fact]
    public void What_is_wrong_is_named()
    {
        AssertError("data_batch_1.bin: no such file");
        WriteCifar10();
        File.WriteAllBytes(_folder.Combine("data_batch_3.bin"), new byte[3072]);
        AssertError("data_batch_3.bin: 3072 bytes are no whole number of records of 3073; fetch it again");
        Write("data_batch_3.bin", Record([10], 1));
        AssertError("data_batch_3.bin: label 0 is 10, expected 0 to 9; is it Cifar10?");
        Assert.Throws<UserErrorException>((Spec(CifarSet.Cifar10) with { Padding = 32 }).Open);
    }

    [Fact]
    public void Specification_says_what_changes_the_samples() => Assert.Equal(
        """{"kind":"cifarImages","folder":"cifar","batchPerRank":1,"samplesPerEpoch":0,"set":"Cifar100","padding":4,"flip":true}""",
        SpecificationWriter.ToJson(Spec(CifarSet.Cifar100) with { Folder = "/data/cifar" }).ToJsonString());

    private CifarImages Spec(CifarSet kind) => new() { Folder = _folder.Path, Set = kind, BatchPerRank = 1 };

    private void AssertError(string says) => Assert.Contains(says, Assert.Throws<UserErrorException>(Spec(CifarSet.Cifar10).Open).Message);

    private void WriteCifar10()
    {
        for (int file = 0; file < 5; file++)
            Write($"data_batch_{file + 1}.bin", Record([(byte)file], 20 * file + 20), Record([9], 20 * file + 30));
        Write("test_batch.bin", Record([7], 200), Record([0], 0));
    }

    private void Write(string name, params byte[][] records) =>
        File.WriteAllBytes(_folder.Combine(name), [.. records.SelectMany(record => record)]);

    /// <summary>An image of one value, and one more in each further colour.</summary>
    private static byte[] Record(byte[] labels, int value) =>
        [.. labels, .. Enumerable.Range(0, Pixels).Select(i => (byte)(value + i / 1024))];
}
