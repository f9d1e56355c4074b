using System.Text;
using Daso.Images;
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

    /// <summary>Files as the decoder takes them.</summary>
    public static IImageList List(params string[] paths) => new Files(paths);

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

    /// <summary>Two of ImageNet's classes with four images each to train on and two held out.</summary>
    public static void WriteTwoClasses(string folder, int train = 4)
    {
        foreach ((string split, int count) in new[] { ("train", train), ("val", 2) })
        {
            foreach ((string name, SKColor colour) in new[] { ("n01440764", SKColors.Navy), ("n01443537", SKColors.Gold) })
            {
                for (int i = 0; i < count; i++)
                    Write(Path.Combine(folder, split, name, $"{i}.JPEG"), 100, 80, (_, _) => colour, SKEncodedImageFormat.Jpeg);
            }
        }
    }

    private sealed class Files(string[] paths) : IImageList
    {
        private readonly byte[][] _names = [.. paths.Select(Encoding.UTF8.GetBytes)];

        public int Count => paths.Length;

        public int LabelOf(int image) => 0;

        public string NameOf(int image) => paths[image];

        public void Read(int image, ImageFile into) => into.Read([], _names[image]);

        public void Probe() => throw new NotSupportedException();

        public void Write(BinaryWriter writer) => throw new NotSupportedException();
    }
}
