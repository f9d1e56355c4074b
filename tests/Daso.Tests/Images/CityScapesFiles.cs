using SkiaSharp;

namespace Daso.Tests.Images;

/// <summary>A small folder in CityScapes' layout: a road below, the sky above, a car that moves, and a margin of no class.</summary>
internal static class CityScapesFiles
{
    internal const int Height = 64;
    internal const int Width = 128;

    internal static void Write(string folder, int train = 8, int heldOut = 3)
    {
        foreach ((string split, int count) in new[] { ("train", train), ("val", heldOut) })
        {
            for (int i = 0; i < count; i++)
            {
                string scene = $"{(i % 2 == 0 ? "aachen" : "bochum")}_{i:D6}_000019", city = scene[..6];
                int car = 10 + 11 * i;
                byte LabelAt(int x, int y) => (byte)(x < 4 ? 3 : y > 40 && x >= car && x < car + 24 ? 26 : y > 36 ? 7 : 23);
                WritePng(Path.Combine(folder, "leftImg8bit", split, city, scene + "_leftImg8bit.png"), (x, y) => LabelAt(x, y) switch
                {
                    26 => new SKColor(200, 30, (byte)(20 * i)),
                    7 => new SKColor(90, 90, 90),
                    23 => new SKColor(110, 160, 240),
                    _ => SKColors.Black,
                });
                WriteGrey(Path.Combine(folder, "gtFine", split, city, scene + "_gtFine_labelIds.png"), LabelAt);
            }
        }
    }

    private static void WritePng(string path, Func<int, int, SKColor> colour) =>
        ImageFiles.Write(path, Width, Height, colour, SKEncodedImageFormat.Png);

    private static void WriteGrey(string path, Func<int, int, byte> value)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        using var bitmap = new SKBitmap(Width, Height, SKColorType.Gray8, SKAlphaType.Opaque);
        Span<byte> pixels = bitmap.GetPixelSpan();
        for (int i = 0; i < pixels.Length; i++)
            pixels[i] = value(i % Width, i / Width);
        using SKData data = bitmap.Encode(SKEncodedImageFormat.Png, 100);
        File.WriteAllBytes(path, data.ToArray());
    }
}
