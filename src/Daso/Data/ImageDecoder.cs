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

    private readonly int _crop;
    private readonly SKBitmap _square;
    private readonly SKCanvas _canvas;
    private readonly float[] _normalised = new float[3 * 256];
    private byte* _pixels;
    private nuint _capacity;

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
            ?? throw new UserErrorException($"{path}: not a readable image ({opened})");
        int width = codec.Info.Width, height = codec.Info.Height;
        CropRegion region = rule.Choose(width, height, random);
        SKImageInfo info = DecodedInfo(codec, region);
        Reserve((nuint)info.BytesSize64);
        SKCodecResult decoded = codec.GetPixels(info, (nint)_pixels, info.RowBytes, SKCodecOptions.Default);
        if (decoded != SKCodecResult.Success)
            throw new UserErrorException($"{path}: damaged image ({decoded}); replace it");
        double scaleX = (double)info.Width / width, scaleY = (double)info.Height / height;
        var source = SKRect.Create(
            (float)(region.X * scaleX), (float)(region.Y * scaleY), (float)(region.Width * scaleX), (float)(region.Height * scaleY));
        using (SKImage image = SKImage.FromPixels(info, (nint)_pixels, info.RowBytes))
        {
            _canvas.Clear(SKColors.Black);
            _canvas.DrawImage(image, source, SKRect.Create(_crop, _crop), s_sampling);
        }

        Normalise(region.Mirrored, MemoryMarshal.Cast<byte, float>(input));
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _canvas.Dispose();
        _square.Dispose();
        NativeMemory.Free(_pixels);
        _pixels = null;
    }

    private SKImageInfo DecodedInfo(SKCodec codec, CropRegion region)
    {
        double needed = _crop / Math.Min(region.Width, region.Height);
        SKSizeI size = codec.GetScaledDimensions((float)Math.Min(1, Math.Ceiling(needed * 8) / 8));
        SKAlphaType alpha = codec.Info.AlphaType == SKAlphaType.Opaque ? SKAlphaType.Opaque : SKAlphaType.Premul;
        return new SKImageInfo(size.Width, size.Height, SKColorType.Rgba8888, alpha);
    }

    private void Reserve(nuint bytes)
    {
        if (bytes <= _capacity)
            return;
        _pixels = (byte*)NativeMemory.Realloc(_pixels, bytes);
        _capacity = bytes;
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
