using Daso.Data;
using Daso.Images;
using Daso.Tests.Data;
using Daso.Tests.Images;
using SkiaSharp;
using TorchSharp;

namespace Daso.Tests.CommandLine;

public sealed class PackCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public PackCommandTests() => ImageFiles.WriteTree(_folder.Combine("images"));

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("jpeg")]
    [InlineData("raw")]
    public async Task Shards_hold_the_same_bytes_with_any_number_of_threads_and_are_read_in_place_of_the_folder(string store)
    {
        AppRun one = await Pack("one", "--store", store, "--shard-images", "8", "--short-side", "40", "--threads", "1");
        AppRun three = await Pack("three", "--store", store, "--shard-images", "8", "--short-side", "40", "--threads", "3");
        Assert.Equal((0, ""), (one.ExitCode, one.Error));
        Assert.Equal(one.Output, three.Output);
        string[] names = [.. Directory.GetFiles(_folder.Combine("one")).Select(file => Path.GetFileName(file)!).Order(StringComparer.Ordinal)];
        Assert.Equal(["train_000000.tar", "train_000001.tar", "train_000002.tar", "val_000000.tar"], names);
        Assert.All(names, name => Assert.Equal(File.ReadAllBytes(_folder.Combine("one", name)), File.ReadAllBytes(_folder.Combine("three", name))));

        using IDataset packed = Spec("one").Open(), original = Spec("images").Open();
        Assert.Equal((20, 5), (packed.TrainSamples, packed.HeldOutSamples));
        using IBatchSource now = packed.OpenHeldOut(new Shard(0, 1), torch.CPU), before = original.OpenHeldOut(new Shard(0, 1), torch.CPU);
        now.StartEpoch(0);
        before.StartEpoch(0);
        for (int i = 0; i < 5; i++)
        {
            Batch a = now.Next(), b = before.Next();
            Assert.Equal(b.Labels(), a.Labels());
            // Deviations of a colour are some 0.22 of 255 levels: on average within a few levels after scaling twice.
            Assert.InRange(a.Images().Zip(b.Images(), (x, y) => Math.Abs(x - y)).Average(), 0, 0.1);
        }
    }

    [Fact]
    public void Raw_pixels_are_those_of_the_image()
    {
        ImageFiles.Write(_folder.Combine("a.png"), 7, 5, (x, y) => new SKColor((byte)(x * 30), (byte)(y * 50), 9), SKEncodedImageFormat.Png);
        using var resizer = new ImageResizer(100, PackedFormat.Raw, 90);
        byte[] file = resizer.Resize(ImageFiles.List(_folder.Combine("a.png")), 0);
        byte[] header = PixelMapDecoder.Header(7, 5);
        Assert.Equal(header, file[..header.Length]);
        Assert.Equal(
            Enumerable.Range(0, 35).SelectMany(i => (byte[])[(byte)(i % 7 * 30), (byte)(i / 7 * 50), 9]),
            file[header.Length..]);

        File.WriteAllBytes(_folder.Combine("a.ppm"), file);
        Assert.Equal(file, resizer.Resize(ImageFiles.List(_folder.Combine("a.ppm")), 0));
        foreach (byte[] damaged in (byte[][])[file[..^1], file[..8], [.. "P6\n7 x\n255\n"u8, .. new byte[105]]])
        {
            File.WriteAllBytes(_folder.Combine("a.ppm"), damaged);
            Assert.Contains("damaged image", Assert.Throws<UserErrorException>(() => resizer.Resize(ImageFiles.List(_folder.Combine("a.ppm")), 0)).Message);
        }
    }

    [Fact]
    public async Task Damaged_images_are_left_out_up_to_a_number()
    {
        string damaged = _folder.Combine("images", "train", "n01", "0.JPEG");
        File.WriteAllText(damaged, "none");
        AppRun refused = await Pack("out");
        Assert.Equal((2, ""), (refused.ExitCode, refused.Output));
        Assert.StartsWith($"error: --max-bad-samples 0: 1 damaged so far: {damaged}: no image", refused.Error, StringComparison.Ordinal);
        Assert.False(Path.Exists(_folder.Combine("out.partial")));

        AppRun packed = await Pack("out", "--max-bad-samples", "1");
        Assert.Equal(0, packed.ExitCode);
        Assert.StartsWith($"left out: {damaged}", packed.Error, StringComparison.Ordinal);
        Assert.StartsWith("images 24,", packed.Output, StringComparison.Ordinal);
    }

    private Task<AppRun> Pack(string target, params string[] options) =>
        AppRun.Of(["data", "pack", _folder.Combine("images"), "--out", _folder.Combine(target), .. options]);

    private ImageFolder Spec(string folder) =>
        new() { Folder = _folder.Combine(folder), BatchPerRank = 1, Crop = 24, Resize = 32, Classes = 2, DecodeThreads = 1 };
}
