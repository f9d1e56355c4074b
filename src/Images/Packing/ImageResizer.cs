using SkiaSharp;

namespace Daso.Images;

/// <summary>What an image is stored as.</summary>
internal enum PackedFormat
{
    /// <summary>JPEG; one that is small enough and upright already is kept as it is.</summary>
    Jpeg,

    /// <summary>Pixels, not compressed.</summary>
    Raw,
}

/// <summary>Makes images smaller, so that their short side is at most so many pixels, by the triangle that inputs are scaled by. Used by one thread.</summary>
/// <param name="shortSide">In pixels.</param>
/// <param name="format">What they are stored as.</param>
/// <param name="quality">Of JPEGs, 1 to 100.</param>
internal sealed unsafe class ImageResizer(int shortSide, PackedFormat format, int quality) : IDisposable
{
    private readonly ImageDecoder _decoder = new(1);
    private readonly NativeBuffer _rows = new();
    private readonly NativeBuffer _small = new();

    /// <summary>Reads an image and makes it smaller.</summary>
    /// <returns>The file to store.</returns>
    /// <exception cref="UserErrorException">It is damaged.</exception>
    public byte[] Resize(IImageList images, int image)
    {
        WholePixels whole = _decoder.DecodeWhole(images, image);
        int shorter = Math.Min(whole.Width, whole.Height);
        if (format == PackedFormat.Jpeg && whole.UprightJpeg is byte[] file && shorter <= shortSide)
            return file;
        (int width, int height) = shorter <= shortSide
            ? (whole.Width, whole.Height)
            : ((int)((long)whole.Width * shortSide / shorter), (int)((long)whole.Height * shortSide / shorter));
        Scale(whole, width, height);
        return format == PackedFormat.Jpeg ? Encode(width, height) : Store(width, height);
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _decoder.Dispose();
        _rows.Dispose();
        _small.Dispose();
    }

    private void Scale(WholePixels from, int width, int height)
    {
        var across = new FilterTaps(width);
        var down = new FilterTaps(height);
        across.Compute(0, from.Width, 0, from.Width);
        down.Compute(0, from.Height, 0, from.Height);
        _rows.Reserve((nuint)(4L * width * from.Height));
        _small.Reserve((nuint)(4L * width * height));
        for (int row = 0; row < from.Height; row++)
            Sum(from.Pointer + 4L * row * from.Width, 4, across, _rows.Pointer + 4L * row * width, 4);
        for (int column = 0; column < width; column++)
            Sum(_rows.Pointer + 4L * column, 4L * width, down, _small.Pointer + 4L * column, 4L * width);
        _rows.Shrink();
    }

    /// <summary>One line of pixels of four bytes.</summary>
    private static void Sum(byte* from, long step, FilterTaps taps, byte* to, long toStep)
    {
        for (int i = 0; i < taps.Starts.Length; i++, to += toStep)
        {
            ReadOnlySpan<short> weights = taps.Weights.Slice(i * taps.Stride, taps.Counts[i]);
            byte* pixel = from + taps.Starts[i] * step;
            int red = 1 << (FilterTaps.WeightBits - 1), green = red, blue = red;
            foreach (short weight in weights)
            {
                red += pixel[0] * weight;
                green += pixel[1] * weight;
                blue += pixel[2] * weight;
                pixel += step;
            }

            (to[0], to[1], to[2], to[3]) = (Level(red), Level(green), Level(blue), 255);
        }
    }

    private static byte Level(int sum) => (byte)(sum >> FilterTaps.WeightBits);

    private byte[] Encode(int width, int height)
    {
        using var pixels = new SKPixmap(new SKImageInfo(width, height, SKColorType.Rgba8888, SKAlphaType.Opaque), (nint)_small.Pointer);
        using SKData file = pixels.Encode(new SKJpegEncoderOptions(quality)) ?? throw new InvalidOperationException("JPEG: the encoder failed");
        return file.ToArray();
    }

    private byte[] Store(int width, int height)
    {
        byte[] header = PixelMapDecoder.Header(width, height), file = new byte[header.Length + 3 * width * height];
        header.CopyTo(file, 0);
        for (int i = 0, at = header.Length; i < width * height; i++, at += 3)
            new ReadOnlySpan<byte>(_small.Pointer + 4L * i, 3).CopyTo(file.AsSpan(at));
        return file;
    }
}
