using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Daso.Data;
using Daso.Images;

namespace Daso.Benchmarks;

/// <summary>
/// Images a second that are read, decoded, cropped at random, scaled to 224 pixels, mirrored and normalised, beside libjpeg-turbo's own
/// decoding of the same files. Both in turn, several times; the ratio is of processor times, so that other programs hardly count.
/// </summary>
internal static unsafe class ImageMeasurement
{
    private const int Crop = 224;
    private const int Rounds = 5;

    /// <summary>Measures.</summary>
    /// <param name="folder">Whose training images are read, JPEGs, in any layout that <see cref="ImageFolder"/> knows.</param>
    /// <param name="threads">Threads, each with a decoder of its own.</param>
    public static void Run(string folder, int threads)
    {
        IImageList images = ImageListing.Find(folder, int.MaxValue).Train;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{images.Count} images, {threads} threads"));
        var ratios = new List<double>();
        for (int round = 0; round <= Rounds; round++)
        {
            int epoch = round;
            (double Wall, double Processor) own = Measure(images.Count, threads, () => new Reader(images, epoch).Read);
            (double Wall, double Processor) plain = Measure(images.Count, threads, () => new PlainDecoder(images).Read);
            ratios.Add(own.Processor / plain.Processor);
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{(round == 0 ? "warm-up" : $"round {round}")}: {own.Wall:F0} images/s ({own.Processor:F0} a processor second), "
                    + $"libjpeg-turbo alone {plain.Wall:F0} ({plain.Processor:F0}), ratio {ratios[^1]:F2}"));
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"median ratio {ratios[1..].Order().ElementAt(Rounds / 2):F2}"));
    }

    /// <summary>Images a second and images a processor second.</summary>
    private static (double Wall, double Processor) Measure(int images, int threads, Func<Action<int>> makeReader)
    {
        Action<int>[] readers = [.. Enumerable.Range(0, threads).Select(_ => makeReader())];
        int next = -1;
        using Process process = Process.GetCurrentProcess();
        TimeSpan before = process.TotalProcessorTime;
        var watch = Stopwatch.StartNew();
        Thread[] workers = [.. readers.Select(read => new Thread(() =>
        {
            while (Interlocked.Increment(ref next) is int image && image < images)
                read(image);
        }))];
        foreach (Thread worker in workers)
            worker.Start();
        foreach (Thread worker in workers)
            worker.Join();
        double wall = watch.Elapsed.TotalSeconds;
        process.Refresh();
        return (images / wall, images / (process.TotalProcessorTime - before).TotalSeconds);
    }

    private sealed class Reader(IImageList images, int epoch)
    {
        private readonly ImageDecoder _decoder = new(Crop);
        private readonly RandomResizedCrop _rule = new(0.05, 1, 0.75, flip: true);
        private readonly byte[] _input = new byte[3 * Crop * Crop * sizeof(float)];

        public void Read(int image) => _decoder.Decode(images, image, _rule, new SeededRandom(1, epoch, image), _input);
    }

    /// <summary>What libjpeg-turbo does of itself: all pixels at full size, into memory that is used again.</summary>
    private sealed class PlainDecoder(IImageList images)
    {
        private readonly ImageFile _file = new();
        private readonly NativeBuffer _pixels = new();
        private readonly nint _handle = TurboJpeg.InitDecompress();

        public void Read(int image)
        {
            images.Read(image, _file);
            var size = new CULong((uint)_file.Length);
            _ = TurboJpeg.DecompressHeader(_handle, _file.Pointer, size, out int width, out int height, out _, out _);
            _pixels.Reserve((nuint)width * (nuint)height * 4);
            _ = TurboJpeg.Decompress(_handle, _file.Pointer, size, _pixels.Pointer, width, 4 * width, height, TurboJpeg.Rgbx, 0);
        }
    }
}
