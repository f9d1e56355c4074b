using System.Runtime.InteropServices;
using Daso.Data;
using Daso.Images;

namespace Daso.Tests.Images;

/// <summary>
/// Files of the kinds that ImageNet has, and what torchvision 0.14 on Pillow 9.4 makes of each: Resize(28) and CenterCrop(24), a crop that
/// is scaled little, and one that is reduced nearly six times and mirrored. Bytes [3, 24, 24] each.
/// </summary>
public class TorchvisionTests
{
    private const int Side = 24;
    private static readonly double[] s_mean = [0.485, 0.456, 0.406];
    private static readonly double[] s_deviation = [0.229, 0.224, 0.225];

    public static TheoryData<string> Files =>
        ["baseline.jpg", "unsubsampled.jpg", "progressive.jpg", "grey.jpg", "cmyk.jpg", "png.JPEG"];

    public static TheoryData<bool> Decoders => TurboJpeg.IsThere ? [true, false] : [false];

    [Theory]
    [MemberData(nameof(Files))]
    public void Pixels_are_torchvisions_within_a_level_on_average(string name)
    {
        byte[] recorded = File.ReadAllBytes(Golden(name + ".torchvision"));
        int unit = name == "png.JPEG" ? 1 : 2;
        ICropRule[] rules =
        [
            new CentreCrop(Side, 28),
            new OneRegion(new CropRegion(13 * unit, 9 * unit, 23 * unit, 20 * unit + 1, false, true)),
            new OneRegion(new CropRegion(3 * unit, 2 * unit, 70 * unit + 1, 55 * unit, true, true)),
        ];
        foreach (bool useTurboJpeg in Decoders.Select(row => row.Data))
        {
            double[] errors = [.. rules.Select((rule, i) => MeanError(Decode(name, rule, useTurboJpeg), recorded.AsSpan(i * 3 * Side * Side)))];
            Assert.True(errors[0] < 1 && errors[2] < 1, string.Join(", ", errors));
            Assert.InRange(errors[1], 0, 0.01);
        }
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Both_decoders_give_the_same_bits(string name)
    {
        Assert.SkipUnless(TurboJpeg.IsThere, "libturbojpeg0 is not installed");
        var rule = new CentreCrop(Side, Side);
        Assert.Equal(Decode(name, rule, useTurboJpeg: false), Decode(name, rule, useTurboJpeg: true));
    }

    [Theory]
    [InlineData("baseline.jpg", 1)]
    [InlineData("baseline.jpg", 2)]
    [InlineData("unsubsampled.jpg", 4)]
    [InlineData("grey.jpg", 1)]
    [InlineData("cmyk.jpg", 2)]
    [InlineData("progressive.jpg", 1)]
    public void Rows_that_are_decoded_alone_are_those_of_the_whole_image(string name, int reduction)
    {
        Assert.SkipUnless(TurboJpeg.IsThere, "libturbojpeg0 is not installed");
        byte[] whole = Rows(name, reduction, 1000);
        for (int rows = 1; rows < 126; rows += 5)
        {
            byte[] part = Rows(name, reduction, rows);
            int needed = (rows + reduction - 1) / reduction * (whole.Length / ((126 + reduction - 1) / reduction));
            Assert.True(part.Length >= needed);
            Assert.Equal(whole[..needed], part[..needed]);
        }

        Assert.True(name == "progressive.jpg" || Rows(name, reduction, 20).Length < whole.Length / 2);
    }

    [Theory]
    [InlineData("baseline.jpg", 2, null)]
    [InlineData("baseline.jpg", 300, "damaged image, it is cut off")]
    [InlineData("baseline.jpg", 5500, "damaged image, its header is cut off or wrong")]
    [InlineData("progressive.jpg", 2, "damaged image, it is cut off")]
    public void A_file_that_is_cut_off_is_damaged_unless_only_the_mark_of_its_end_is_missing(string name, int missing, string? says)
    {
        Assert.SkipUnless(TurboJpeg.IsThere, "libturbojpeg0 is not installed");
        string path = Path.GetTempFileName();
        File.WriteAllBytes(path, File.ReadAllBytes(Golden(name))[..^missing]);
        using var file = new ImageFile();
        using var decoder = new JpegDecoder();
        using var pixels = new NativeBuffer();
        ImageFiles.List(path).Read(0, file);
        Assert.Equal(says, decoder.Open(file, out _, out int height) ?? decoder.Decode(1, height, pixels, out _));
        File.Delete(path);
    }

    private static unsafe byte[] Rows(string name, int reduction, int rows)
    {
        using var file = new ImageFile();
        using var decoder = new JpegDecoder();
        using var pixels = new NativeBuffer();
        ImageFiles.List(Golden(name)).Read(0, file);
        Assert.Null(decoder.Open(file, out _, out int height));
        Assert.Null(decoder.Decode(reduction, Math.Min(rows, height), pixels, out DecodedPixels decoded));
        byte[] bytes = new Span<byte>(pixels.Pointer, decoded.RowBytes * decoded.Height).ToArray();
        for (int i = 3; i < bytes.Length; i += 4)
            bytes[i] = 0;
        return bytes;
    }

    private static float[] Decode(string name, ICropRule rule, bool useTurboJpeg)
    {
        using var decoder = new ImageDecoder(Side, useTurboJpeg);
        var input = new byte[3 * Side * Side * sizeof(float)];
        decoder.Decode(ImageFiles.List(Golden(name)), 0, rule, default, input);
        return MemoryMarshal.Cast<byte, float>(input).ToArray();
    }

    /// <summary>In levels of 1/255.</summary>
    private static double MeanError(float[] input, ReadOnlySpan<byte> recorded)
    {
        double sum = 0;
        for (int i = 0; i < input.Length; i++)
        {
            int channel = i / (Side * Side);
            sum += Math.Abs((input[i] * s_deviation[channel] + s_mean[channel]) * 255 - recorded[i]);
        }

        return sum / input.Length;
    }

    private static string Golden(string name) => Path.Combine(AppContext.BaseDirectory, "Images", "golden", name);

    private sealed class OneRegion(CropRegion region) : ICropRule
    {
        public CropRegion Choose(int width, int height, SeededRandom random) => region;
    }
}
