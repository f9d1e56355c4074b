using System.Runtime.InteropServices;
using Daso.Data;
using Daso.Images;
using Daso.Tests.Data;
using SkiaSharp;

namespace Daso.Tests.Images;

public sealed class ImageDecoderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Mirroring_turns_left_to_right()
    {
        string path = _folder.Combine("a.png");
        ImageFiles.Write(path, 64, 64, (x, _) => x < 32 ? SKColors.White : SKColors.Black, SKEncodedImageFormat.Png);
        float[] straight = Decode(path, 8, new WholeImage()), mirrored = Decode(path, 8, new WholeImage(mirrored: true));
        Assert.True(straight[0] > 0 && straight[7] < 0 && mirrored[0] < 0 && mirrored[7] > 0);
        Assert.Equal(straight.Chunk(8).SelectMany(row => row.Reverse()), mirrored);
    }

    /// <summary>At 1/8, 497 × 369 pixels are decoded to 63 × 47, more than 62.1 × 46.1: the quotient of the sizes is no scale.</summary>
    [Theory]
    [InlineData(false, 340)]
    [InlineData(false, 40)]
    [InlineData(true, 470)]
    public void What_is_decoded_at_a_reduced_size_stays_in_its_place(bool isUpright, int centre)
    {
        const int Side = 30;
        string path = _folder.Combine("bar.jpg");
        ImageFiles.Write(
            path,
            497,
            369,
            (x, y) =>
            {
                double distance = ((isUpright ? x : y) + 0.5 - centre) / 10;
                byte grey = (byte)(255 * Math.Exp(-distance * distance / 2));
                return new SKColor(grey, grey, grey);
            },
            SKEncodedImageFormat.Jpeg);
        float[] green = Decode(path, Side, new WholeImage())[(Side * Side)..(2 * Side * Side)];
        double weight = 0, moment = 0;
        for (int i = 0; i < green.Length; i++)
        {
            double grey = Math.Max(0, (green[i] * 0.224 + 0.456) * 255 - 20);
            weight += grey;
            moment += grey * ((isUpright ? i % Side : i / Side) + 0.5);
        }

        Assert.Equal(centre * (double)Side / (isUpright ? 497 : 369), moment / weight, 0.03);
    }

    [Fact]
    public void An_image_that_announces_too_many_pixels_is_refused_before_memory_is_taken()
    {
        // Signature, a header of 60,000 × 60,000 pixels, an empty IDAT and IEND.
        const string Png = "iVBORw0KGgoAAAANSUhEUgAA6mAAAOpgCAYAAACA0nVCAAAAEUlEQVR4nGNgGAWjYBQMdwAAA+gAAbOm00YAAAAASUVORK5CYII=";
        string path = _folder.Combine("huge.png");
        File.WriteAllBytes(path, Convert.FromBase64String(Png));
        using var decoder = new ImageDecoder(8);
        var error = Assert.Throws<UserErrorException>(() => decoder.Decode(ImageFiles.List(path), 0, new WholeImage(), default, new byte[3 * 8 * 8 * 4]));
        Assert.Equal($"{path}: an image of 60000 × 60000 pixels, more than 178956970; replace it", error.Message);
        Assert.Equal(0u, decoder.HeldBytes);
    }

    [Fact]
    public void The_memory_of_a_large_image_is_given_back_and_that_of_others_is_kept()
    {
        string large = _folder.Combine("large.png"), small = _folder.Combine("small.png");
        ImageFiles.Write(large, 8300, 2050, (_, _) => SKColors.Red, SKEncodedImageFormat.Png);
        ImageFiles.Write(small, 64, 32, (_, _) => SKColors.Red, SKEncodedImageFormat.Png);
        using var decoder = new ImageDecoder(8);
        var input = new byte[3 * 8 * 8 * 4];
        decoder.Decode(ImageFiles.List(large), 0, new WholeImage(), default, input);
        Assert.Equal(0u, decoder.HeldBytes);
        decoder.Decode(ImageFiles.List(small), 0, new WholeImage(), default, input);
        Assert.Equal(64u * 32 * 4, decoder.HeldBytes);
    }

    [Fact]
    public void Decoding_allocates_nothing_in_steady_state()
    {
        Assert.SkipUnless(TurboJpeg.IsThere, "libturbojpeg0 is not installed");
        string[] paths = [_folder.Combine("a.jpg"), _folder.Combine("b.jpg")];
        ImageFiles.Write(paths[0], 300, 200, (x, y) => new SKColor((byte)x, (byte)y, 0), SKEncodedImageFormat.Jpeg);
        ImageFiles.Write(paths[1], 100, 150, (x, y) => new SKColor((byte)x, (byte)y, 0), SKEncodedImageFormat.Jpeg);
        IImageList images = ImageFiles.List(paths);
        using var decoder = new ImageDecoder(32);
        var rule = new RandomResizedCrop(0.05, 1, 0.75, flip: true);
        var input = new byte[3 * 32 * 32 * 4];
        Decode(0, 50);
        // A collection that another test causes in between counts what is left of the thread's 8 KiB as allocated: the least of three.
        Assert.InRange(Enumerable.Range(0, 3).Min(_ => Allocated(50, 150)), 0, 1000);

        long Allocated(int from, int to)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            Decode(from, to);
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }

        void Decode(int from, int to)
        {
            for (int i = from; i < to; i++)
                decoder.Decode(images, i % 2, rule, new SeededRandom(i), input);
        }
    }

    private static float[] Decode(string path, int crop, ICropRule rule)
    {
        using var decoder = new ImageDecoder(crop);
        var input = new byte[3 * crop * crop * 4];
        decoder.Decode(ImageFiles.List(path), 0, rule, default, input);
        return MemoryMarshal.Cast<byte, float>(input).ToArray();
    }
}
