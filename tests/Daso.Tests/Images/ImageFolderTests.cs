using Daso.Data;
using Daso.Images;
using Daso.Tests.Data;
using SkiaSharp;
using TorchSharp;

namespace Daso.Tests.Images;

public sealed class ImageFolderTests : IDisposable
{
    private const int Crop = 32;
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_number_of_decoding_threads_changes_nothing()
    {
        WriteTree();
        List<float[]> one = Epochs(1);
        Assert.Equal(one, Epochs(3));
        Assert.NotEqual(one[0], one[^1]);

        List<float[]> Epochs(int threads)
        {
            using IDataset images = Spec(batch: 3, threads).Open();
            using IBatchSource source = images.OpenTraining(new Shard(1, 2), 5, torch.CPU);
            var all = new List<float[]>();
            for (int epoch = 0; epoch < 3; epoch++)
            {
                source.StartEpoch(epoch);
                all.AddRange(source.Rest(0, batch => (float[])[.. batch.Images(), .. batch.Labels()]));
            }

            return all;
        }
    }

    [Fact]
    public void Starting_inside_an_epoch_equals_passing_over_its_batches()
    {
        WriteTree();
        using IDataset images = Spec(batch: 2, threads: 2).Open();
        using IBatchSource source = images.OpenTraining(new Shard(0, 1), 5, torch.CPU);
        source.StartEpoch(4);
        List<float[]> whole = source.Rest(0, batch => batch.Images());
        Assert.Equal(10, whole.Count);
        for (int first = 0; first <= whole.Count; first += 3)
        {
            // The prefetched batches of an epoch that was left are thrown away.
            source.StartEpoch(1);
            source.Next();
            source.StartEpoch(4, first);
            Assert.Equal(whole[first..], source.Rest(first, batch => batch.Images()));
        }

        Assert.Throws<InvalidOperationException>(() => source.Next());
    }

    [Fact]
    public void Classes_are_the_sorted_folders_and_every_held_out_image_comes_once()
    {
        WriteTree();
        using IDataset images = Spec(batch: 4, threads: 2).Open();
        Assert.Equal((20, 5, "images"), (images.TrainSamples, images.HeldOutSamples, images.Unit));
        var labels = new List<long>();
        for (int rank = 0; rank < 2; rank++)
        {
            using IBatchSource source = images.OpenHeldOut(new Shard(rank, 2), torch.CPU);
            source.StartEpoch(0);
            labels.AddRange(source.Rest(0, batch => batch.Labels()).SelectMany(batch => batch));
        }

        Assert.Equal([0, 0, 0, 1, 1], labels);
    }

    [Fact]
    public void An_empty_shard_has_no_batches()
    {
        WriteTree();
        using IDataset images = Spec(batch: 4, threads: 2).Open();
        using IBatchSource source = images.OpenHeldOut(new Shard(0, 7), torch.CPU);
        source.StartEpoch(0);
        Assert.Equal(0, source.BatchesPerEpoch);
    }

    [Theory]
    [InlineData("a.JPEG", SKEncodedImageFormat.Jpeg, 300, 500)]
    [InlineData("a.jpg", SKEncodedImageFormat.Jpeg, 40, 20)]
    [InlineData("a.PNG", SKEncodedImageFormat.Png, 300, 200)]
    public void A_flat_colour_becomes_its_normalised_value_everywhere(string name, SKEncodedImageFormat format, int width, int height)
    {
        var colour = new SKColor(200, 100, 50);
        ImageFiles.Write(_folder.Combine("train", "n01", name), width, height, (_, _) => colour, format);
        ImageFiles.Write(_folder.Combine("val", "n01", name), width, height, (_, _) => colour, format);
        using IDataset images = Spec(batch: 1, threads: 1).Open();
        using IBatchSource training = images.OpenTraining(new Shard(0, 1), 1, torch.CPU);
        using IBatchSource heldOut = images.OpenHeldOut(new Shard(0, 1), torch.CPU);
        float[] expected = [(200 / 255f - 0.485f) / 0.229f, (100 / 255f - 0.456f) / 0.224f, (50 / 255f - 0.406f) / 0.225f];
        foreach (IBatchSource source in new[] { training, heldOut })
        {
            source.StartEpoch(0);
            Batch batch = source.Next();
            Assert.Equal([1, 3, Crop, Crop], batch.Inputs.shape);
            float[][] planes = [.. batch.Images().Chunk(Crop * Crop)];
            for (int channel = 0; channel < 3; channel++)
                Assert.All(planes[channel], value => Assert.Equal(expected[channel], value, 0.04f));
        }
    }

    [Fact]
    public void Held_out_images_keep_their_orientation_and_lose_their_edges()
    {
        // Red grows from left to right, green from top to bottom; the middle 7/8 of 256 pixels is taken, 8 × 8 a pixel of the input.
        ImageFiles.Write(_folder.Combine("val", "n01", "a.png"), 256, 256, (x, y) => new SKColor((byte)x, (byte)y, 0), SKEncodedImageFormat.Png);
        ImageFiles.Write(_folder.Combine("train", "n01", "a.png"), 8, 8, (_, _) => SKColors.Red, SKEncodedImageFormat.Png);
        using IDataset images = (Spec(batch: 1, threads: 1) with { Crop = 28, Resize = 32 }).Open();
        using IBatchSource source = images.OpenHeldOut(new Shard(0, 1), torch.CPU);
        source.StartEpoch(0);
        float[] values = source.Next().Images();
        for (int y = 0; y < 28; y += 9)
        {
            for (int x = 0; x < 28; x += 9)
            {
                Assert.Equal(16 + 8 * x + 3.5, (values[y * 28 + x] * 0.229 + 0.485) * 255, 1.5);
                Assert.Equal(16 + 8 * y + 3.5, (values[28 * 28 + y * 28 + x] * 0.224 + 0.456) * 255, 1.5);
            }
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(10)]
    [InlineData(400)]
    public void A_damaged_image_is_named_and_ends_the_source(int keptBytes)
    {
        WriteTree();
        string damaged = _folder.Combine("train", "n01", "3.JPEG");
        File.WriteAllBytes(damaged, File.ReadAllBytes(damaged)[..keptBytes]);
        using IDataset images = Spec(batch: 5, threads: 2).Open();
        using IBatchSource source = images.OpenTraining(new Shard(0, 1), 5, torch.CPU);
        source.StartEpoch(0);
        var error = Assert.Throws<UserErrorException>(() => source.Rest(0, batch => batch.Items));
        Assert.StartsWith(damaged + ": ", error.Message);
        source.StartEpoch(1);
        Assert.Throws<UserErrorException>(() => source.Next());
    }

    [Fact]
    public void A_wrong_layout_is_an_error_that_names_the_option_and_the_layout()
    {
        AssertError($"--data {_folder.Path}: has no folder train; expected train/CLASS/*.JPEG and val/CLASS/*.JPEG");
        Directory.CreateDirectory(_folder.Combine("train"));
        AssertError("has no folder val");
        Directory.CreateDirectory(_folder.Combine("val"));
        AssertError("has no class folder");
        Directory.CreateDirectory(_folder.Combine("train", "n01"));
        AssertError("has no .JPEG, .jpg or .png file");
        WriteTree();
        ImageFiles.Write(_folder.Combine("val", "n09", "a.jpg"), 8, 8, (_, _) => SKColors.Red, SKEncodedImageFormat.Jpeg);
        AssertError($"{_folder.Combine("val", "n09")}: no such class");
        Directory.Delete(_folder.Combine("val", "n09"), recursive: true);
        AssertError("has 2 class folders, the model knows 1 classes", Spec(1, 1) with { Classes = 1 });
        AssertError("no such folder", Spec(1, 1) with { Folder = _folder.Combine("none") });
        // As ImageNet's archive of validation images is unpacked.
        Directory.Delete(_folder.Combine("val"), recursive: true);
        Directory.CreateDirectory(_folder.Combine("val"));
        ImageFiles.Write(_folder.Combine("val", "a.jpg"), 8, 8, (_, _) => SKColors.Red, SKEncodedImageFormat.Jpeg);
        AssertError($"{_folder.Combine("val")}: has no class folder; sort its images into");
    }

    [Fact]
    public void Every_damaged_image_is_found_by_reading_all()
    {
        WriteTree();
        using (IDataset whole = Spec(batch: 1, threads: 1).Open())
            Assert.Empty(whole.FindDamage(new Shard(0, 1)));
        string cutOff = _folder.Combine("train", "n01", "4.JPEG"), empty = _folder.Combine("val", "n02", "1.JPEG");
        File.WriteAllBytes(cutOff, File.ReadAllBytes(cutOff)[..^300]);
        File.WriteAllBytes(empty, []);
        using IDataset images = Spec(batch: 1, threads: 1).Open();
        (int Sample, string Says)[] damage = [.. images.FindDamage(new Shard(0, 1))];
        Assert.Equal([cutOff, empty], damage.Select(one => one.Says[..one.Says.IndexOf(": ", StringComparison.Ordinal)]));
        Assert.Equal(damage, images.FindDamage(new Shard(0, 2)).Concat(images.FindDamage(new Shard(1, 2))).OrderBy(one => one.Sample));
    }

    [Fact]
    public void Without_its_damaged_images_a_folder_is_as_if_they_were_not_there()
    {
        WriteTree();
        string first = _folder.Combine("train", "n01", "0.JPEG"), last = _folder.Combine("train", "n02", "9.JPEG"), heldOut = _folder.Combine("val", "n01", "2.JPEG");
        foreach (string damaged in (string[])[first, last, heldOut])
            File.WriteAllBytes(damaged, File.ReadAllBytes(damaged)[..^300]);
        (long[][] train, float[][] pixels, long[][] held) = AllWithoutDamaged(threads: 3);
        Assert.Equal(pixels, AllWithoutDamaged(threads: 1).Pixels);
        foreach (string damaged in (string[])[first, last, heldOut])
            File.Delete(damaged);
        using IDataset smaller = Spec(batch: 4, threads: 1).Open();
        (long[][] expectedTrain, _, long[][] expectedHeld) = All(smaller);
        Assert.Equal(expectedTrain, train);
        Assert.Equal(expectedHeld, held);

        (long[][] Train, float[][] Pixels, long[][] HeldOut) AllWithoutDamaged(int threads)
        {
            using IDataset images = Spec(batch: 4, threads).Open();
            string before = images.Fingerprint;
            images.LeaveOut([.. images.FindDamage(new Shard(0, 1)).Select(one => one.Sample)]);
            Assert.Equal((18, 4), (images.TrainSamples, images.HeldOutSamples));
            Assert.StartsWith($"{before} without:", images.Fingerprint, StringComparison.Ordinal);
            return All(images);
        }

        static (long[][] Train, float[][] Pixels, long[][] HeldOut) All(IDataset data)
        {
            using IBatchSource training = data.OpenTraining(new Shard(0, 1), 5, torch.CPU), heldOut = data.OpenHeldOut(new Shard(0, 1), torch.CPU);
            training.StartEpoch(1);
            heldOut.StartEpoch(1);
            (long[] Labels, float[] Pixels)[] seen = [.. training.Rest(0, batch => (batch.Labels(), batch.Images()))];
            return ([.. seen.Select(one => one.Labels)], [.. seen.Select(one => one.Pixels)], [.. heldOut.Rest(0, batch => batch.Labels())]);
        }
    }

    [Fact]
    public void All_epochs_come_in_the_same_three_tensors()
    {
        WriteTree();
        using IDataset images = Spec(batch: 4, threads: 2).Open();
        using IBatchSource source = images.OpenTraining(new Shard(0, 1), 5, torch.CPU);
        var inputs = new HashSet<IntPtr>();
        for (int epoch = 0; epoch < 5; epoch++)
        {
            source.StartEpoch(epoch);
            inputs.UnionWith(source.Rest(0, batch => batch.Inputs.Handle));
        }

        Assert.Equal(3, inputs.Count);
    }

    private ImageFolder Spec(int batch, int threads) =>
        new() { Folder = _folder.Path, BatchPerRank = batch, Crop = Crop, Resize = 36, DecodeThreads = threads };

    private void AssertError(string says, ImageFolder? spec = null) =>
        Assert.Contains(says, Assert.Throws<UserErrorException>(() => (spec ?? Spec(1, 1)).Open()).Message);

    private void WriteTree() => ImageFiles.WriteTree(_folder.Path);
}
