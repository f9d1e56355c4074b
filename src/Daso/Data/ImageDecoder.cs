using System.Runtime.InteropServices;
using SkiaSharp;

namespace Daso.Data;

/// <summary>
/// Turns an image file into a normalised input, with memory that is kept from image to image. Used by one thread. JPEGs are decoded at
/// the smallest of the sizes 1/8 … 8/8 that still has a source pixel for each input pixel, then sampled bilinearly.
/// </summary>
internal sealed unsafe class ImageDecoder : IDisposable
{
    // Of ImageNet's training images in 0 … 1, as every published recipe uses them; red, green, blue.
    private static readonly double[] s_mean = [0.485, 0.456, 0.406];
    private static readonly double[] s_deviation = [0.229, 0.224, 0.225];

    // A nearest mipmap level leaves slight reductions to plain bilinear sampling and averages before strong ones.
    private static readonly SKSamplingOptions s_sampling = new(SKFilterMode.Linear, SKMipmapMode.Nearest);

    /// <summary>
    /// More pixels are refused before any memory is taken, since a header of a few bytes can announce any number: Pillow's limit.
    /// </summary>
    private const long MostPixels = 178_956_970;

    /// <summary>Decoded bytes whose memory is kept for the next image: 16 million pixels.</summary>
    private const nuint KeptBytes = 64 << 20;

    private readonly int _crop;
    private readonly SKBitmap _square;
    private readonly SKCanvas _canvas;
    private readonly float[] _normalised = new float[3 * 256];
    private byte* _pixels;
    private nuint _capacity;

    /// <summary>Bytes kept for the next image.</summary>
    public nuint HeldBytes => _capacity;

    /// <summary>Makes inputs of crop × crop pixels.</summary>
    public ImageDecoder(int crop)
    {
        _crop = crop;
        _square = new SKBitmap(new SKImageInfo(crop, crop, SKColorType.Rgba8888, SKAlphaType.Opaque));
        _canvas = new SKCanvas(_square);
        for (int i = 0; i < _normalised.Length; i++)
            _normalised[i] = (float)((i % 256 / 255.0 - s_mean[i / 256]) / s_deviation[i / 256]);
    }

    /// <summary>Decodes, crops, scales and normalises an image; transparent parts are black.</summary>
    /// <param name="path">The file; its content tells the format, not its name.</param>
    /// <param name="rule">Chooses the part.</param>
    /// <param name="random">For the rule.</param>
    /// <param name="input">Memory of float32 [3, crop, crop].</param>
    /// <exception cref="UserErrorException">The file is damaged.</exception>
    public void Decode(string path, ICropRule rule, SeededRandom random, Span<byte> input)
    {
        using SKCodec codec = SKCodec.Create(path, out SKCodecResult opened)
            ?? throw Unreadable(path, opened);
        int width = codec.Info.Width, height = codec.Info.Height;
        if ((long)width * height > MostPixels)
            throw new UserErrorException($"{path}: an image of {width} × {height} pixels, more than {MostPixels}; replace it");
        CropRegion region = rule.Choose(width, height, random);
        double scale = ScaleOf(codec, region);
        try
        {
            Draw(codec, path, region, scale);
        }
        finally
        {
            if (_capacity > KeptBytes)
                Release();
        }

        Normalise(region.Mirrored, MemoryMarshal.Cast<byte, float>(input));
    }

    /// <summary>Decodes a whole image, to find damage anywhere in it; JPEGs at the smallest scale, which reads all of the file.</summary>
    /// <exception cref="UserErrorException">The file is damaged.</exception>
    public static void ReadWhole(string path)
    {
        using var decoder = new ImageDecoder(1);
        decoder.Decode(path, new WholeImage(), default, stackalloc byte[3 * sizeof(float)]);
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _canvas.Dispose();
        _square.Dispose();
        Release();
    }

    /// <summary>
    /// k/8. A pixel decoded at this scale covers 8/k of the source's, also where the decoded size was rounded up: the quotient of the
    /// sizes would stretch the image.
    /// </summary>
    private double ScaleOf(SKCodec codec, CropRegion region) => codec.EncodedFormat == SKEncodedImageFormat.Jpeg
        ? Math.Min(1, Math.Ceiling(8 * _crop / Math.Min(region.Width, region.Height)) / 8)
        : 1;

    /// <summary>Decodes at a scale and draws the region into the square.</summary>
    private void Draw(SKCodec codec, string path, CropRegion region, double scale)
    {
        SKSizeI size = codec.GetScaledDimensions((float)scale);
        SKAlphaType alpha = codec.Info.AlphaType == SKAlphaType.Opaque ? SKAlphaType.Opaque : SKAlphaType.Premul;
        var info = new SKImageInfo(size.Width, size.Height, SKColorType.Rgba8888, alpha);
        Reserve((nuint)info.BytesSize64);
        SKCodecResult decoded = codec.GetPixels(info, (nint)_pixels, info.RowBytes, SKCodecOptions.Default);
        if (decoded != SKCodecResult.Success)
            throw Unreadable(path, decoded);
        var source = SKRect.Create(
            (float)(region.X * scale), (float)(region.Y * scale), (float)(region.Width * scale), (float)(region.Height * scale));
        using SKImage image = SKImage.FromPixels(info, (nint)_pixels, info.RowBytes);
        _canvas.Clear(SKColors.Black);
        _canvas.DrawImage(image, source, SKRect.Create(_crop, _crop), s_sampling);
    }

    private static UserErrorException Unreadable(string path, SKCodecResult result)
    {
        try
        {
            using FileStream file = File.OpenRead(path);
            if (file.Length == 0)
                return new UserErrorException($"{path}: empty file; replace it");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new UserErrorException($"{path}: cannot be read: {e.Message}");
        }

        return new UserErrorException(result switch
        {
            SKCodecResult.Unimplemented => $"{path}: no image in a format that can be read; replace it",
            SKCodecResult.IncompleteInput => $"{path}: damaged image, it is cut off; replace it",
            _ => $"{path}: damaged image, its content is wrong; replace it",
        });
    }

    private void Reserve(nuint bytes)
    {
        if (bytes <= _capacity)
            return;
        _pixels = (byte*)NativeMemory.Realloc(_pixels, bytes);
        _capacity = bytes;
    }

    private void Release()
    {
        NativeMemory.Free(_pixels);
        _pixels = null;
        _capacity = 0;
    }

    /// <summary>RGBA rows to three planes.</summary>
    private void Normalise(bool mirrored, Span<float> planes)
    {
        ReadOnlySpan<byte> rgba = _square.GetPixelSpan();
        int plane = _crop * _crop;
        for (int i = 0; i < plane; i++)
        {
            int x = i % _crop;
            int to = mirrored ? i - x + _crop - 1 - x : i;
            for (int channel = 0; channel < 3; channel++)
                planes[channel * plane + to] = _normalised[channel * 256 + rgba[4 * i + channel]];
        }
    }
}
