using System.Text;
using SkiaSharp;

namespace Daso.Tests.Images;

/// <summary>Image files for tests.</summary>
internal static class ImageFiles
{
    /// <summary>Writes an image whose pixels a function gives, and makes its folder.</summary>
    public static void Write(string path, int width, int height, Func<int, int, SKColor> colour, SKEncodedImageFormat format)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        using var bitmap = new SKBitmap(width, height);
        bitmap.Pixels = [.. Enumerable.Range(0, width * height).Select(i => colour(i % width, i / width))];
        using SKData data = bitmap.Encode(format, 95);
        using FileStream file = File.Create(path);
        data.SaveTo(file);
    }

    /// <summary>A path as the decoder takes it.</summary>
    public static byte[] Utf8(string path) => Encoding.UTF8.GetBytes(path + "\0");

    /// <summary>20 images to train on and 5 held out in two classes, each with a pattern of its own.</summary>
    public static void WriteTree(string folder)
    {
        for (int i = 0; i < 25; i++)
        {
            int number = i;
            string path = Path.Combine(folder, i < 20 ? "train" : "val", i % 2 == 0 ? "n01" : "n02", $"{(i < 20 ? i : i - 20)}.JPEG");
            Write(path, 60 + i, 80 - i, (x, y) => new SKColor((byte)(x * 3), (byte)(y * 3), (byte)(number * 10)), SKEncodedImageFormat.Jpeg);
        }

        File.Move(Path.Combine(folder, "train", "n02", "3.JPEG"), Path.Combine(folder, "train", "n01", "3.JPEG"));
    }
}
