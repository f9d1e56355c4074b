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

    /// <summary>Where EXIF says that the first row and the first column of the file are seen.</summary>
    [Theory]
    [InlineData(1, "top", "left")]
    [InlineData(2, "top", "right")]
    [InlineData(3, "bottom", "right")]
    [InlineData(4, "bottom", "left")]
    [InlineData(5, "left", "top")]
    [InlineData(6, "right", "top")]
    [InlineData(7, "right", "bottom")]
    [InlineData(8, "left", "bottom")]
    public void Images_are_seen_as_their_orientation_says(int orientation, string firstRow, string firstColumn)
    {
        const int Width = 96, Height = 64;
        SKColor Seen(int x, int y) => new((byte)(x / 32 * 90), (byte)(y / 32 * 180), 40);
        bool isTransposed = firstRow is "left" or "right";
        foreach (bool isLittle in (bool[])[true, false])
        {
            string path = _folder.Combine("a.jpg");
            ImageFiles.Write(
                path,
                isTransposed ? Height : Width,
                isTransposed ? Width : Height,
                (column, row) =>
                {
                    (int x, int y) = (0, 0);
                    Place(firstRow, row);
                    Place(firstColumn, column);
                    return Seen(x, y);

                    void Place(string side, int at)
                    {
                        if (side is "top" or "bottom")
                            y = side == "top" ? at : Height - 1 - at;
                        else
                            x = side == "left" ? at : Width - 1 - at;
                    }
                },
                SKEncodedImageFormat.Jpeg);
            byte[] file = File.ReadAllBytes(path);
            File.WriteAllBytes(path, [.. file[..2], .. Exif(orientation, isLittle), .. file[2..]]);
            foreach (bool turbo in (bool[])[false, TurboJpeg.IsThere])
            {
                const int Side = 12;
                float[] pixels = Decode(path, Side, new WholeImage(), turbo);
                // Inside of each field: 4 × 6 of the input's pixels.
                foreach (int i in Enumerable.Range(0, Side * Side).Where(i => i % 4 is 1 or 2 && i / Side % 6 is >= 1 and <= 4))
                {
                    SKColor colour = Seen(i % Side * Width / Side, i / Side * Height / Side);
                    Assert.Equal(colour.Red / 255.0, pixels[i] * 0.229 + 0.485, 0.03);
                    Assert.Equal(colour.Green / 255.0, pixels[Side * Side + i] * 0.224 + 0.456, 0.03);
                }
            }
        }
    }

    [Fact]
    public void A_damaged_EXIF_is_none()
    {
        byte[] whole = Exif(6, isLittle: true);
        Assert.Equal(6, ExifOrientation.Of([0xFF, 0xD8, .. whole]));
        for (int length = 0; length < whole.Length; length++)
            Assert.Equal(1, ExifOrientation.Of([0xFF, 0xD8, .. whole[..length]]));
        foreach (int at in (int[])[4, 10, 17, 20, 22, 28])
        {
            byte[] other = [0xFF, 0xD8, .. whole];
            other[2 + at] ^= 0xFF;
            Assert.InRange(ExifOrientation.Of(other), 1, 6);
        }
    }

    /// <summary>A segment with one tag, the orientation.</summary>
    private static byte[] Exif(int orientation, bool isLittle)
    {
        byte[] tiff = isLittle
            ? [.. "II"u8, 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 0x01, 3, 0, 1, 0, 0, 0, (byte)orientation, 0, 0, 0, 0, 0, 0, 0]
            : [.. "MM"u8, 0, 42, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, (byte)orientation, 0, 0, 0, 0, 0, 0];
        return [0xFF, 0xE1, 0, (byte)(2 + 6 + tiff.Length), .. "Exif\0\0"u8, .. tiff];
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

    private static float[] Decode(string path, int crop, ICropRule rule, bool? useTurboJpeg = null)
    {
        using var decoder = new ImageDecoder(crop, useTurboJpeg ?? TurboJpeg.IsThere);
        var input = new byte[3 * crop * crop * 4];
        decoder.Decode(ImageFiles.List(path), 0, rule, default, input);
        return MemoryMarshal.Cast<byte, float>(input).ToArray();
    }
}
