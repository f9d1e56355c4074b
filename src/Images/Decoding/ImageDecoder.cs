using System.Runtime.InteropServices;
using Daso.Data;

namespace Daso.Images;

/// <summary>
/// Turns an image file into a normalised input: the part that a rule chooses, scaled as Pillow scales. JPEGs are decoded at the smallest of
/// 1/8, 1/4, 1/2 and 1/1 that still has one and a half pixels for each of the input's, which keeps what Pillow would make of all of them
/// within a level or so. Memory is kept from image to image. Used by one thread.
/// </summary>
internal sealed unsafe class ImageDecoder : IDisposable
{
    /// <summary>
    /// More pixels are refused before any memory is taken, since a header of a few bytes can announce any number: Pillow's limit.
    /// </summary>
    private const long MostPixels = 178_956_970;

    private const int StrongestReduction = 8;

    private readonly int _crop;
    private readonly ImageFile _file = new();
    private readonly NativeBuffer _pixels = new();
    private readonly NativeBuffer _turned = new();
    private readonly Resampler _resampler;
    private readonly SkiaDecoder _others = new();
    private readonly PixelMapDecoder _pixelMaps = new();
    private readonly IPixelDecoder _jpegs;

    /// <summary>Makes inputs of crop × crop pixels.</summary>
    /// <param name="crop">Pixels.</param>
    /// <param name="useTurboJpeg">Whether JPEGs are decoded by libjpeg-turbo; it must be there.</param>
    public ImageDecoder(int crop, bool useTurboJpeg)
    {
        _crop = crop;
        _resampler = new Resampler(crop);
        _jpegs = useTurboJpeg ? new JpegDecoder() : _others;
    }

    /// <summary>Makes inputs of crop × crop pixels, with libjpeg-turbo where it is there.</summary>
    public ImageDecoder(int crop)
        : this(crop, TurboJpeg.IsThere)
    {
    }

    /// <summary>Bytes kept for the next image's pixels.</summary>
    public nuint HeldBytes => _pixels.Capacity;

    /// <summary>Decodes a whole image, to find damage anywhere in it; JPEGs at the smallest size, which reads all of the file.</summary>
    /// <exception cref="UserErrorException">The file is damaged.</exception>
    public static void ReadWhole(IImageList images, int image)
    {
        using var decoder = new ImageDecoder(1);
        decoder.Decode(images, image, new WholeImage(), default, stackalloc byte[3 * sizeof(float)]);
    }

    /// <summary>Decodes, turns as EXIF says, crops, scales and normalises an image; transparent parts are black.</summary>
    /// <param name="images">The list that it is in.</param>
    /// <param name="image">Its number; its content tells the format, not its name.</param>
    /// <param name="rule">Chooses the part.</param>
    /// <param name="random">For the rule.</param>
    /// <param name="input">Memory of float32 [3, crop, crop].</param>
    /// <exception cref="UserErrorException">The file is damaged.</exception>
    public void Decode(IImageList images, int image, ICropRule rule, SeededRandom random, Span<byte> input)
    {
        string? wrong = Open(images, image, out IPixelDecoder decoder, out int orientation, out int width, out int height);
        CropRegion region = wrong is null ? rule.Choose(width, height, random) : default;
        DecodedPixels pixels = default;
        NativeBuffer decoded = _pixels;
        if (orientation == ExifOrientation.Upright)
            wrong ??= decoder.Decode(ReductionFor(region), RowsFor(region, height), _pixels, out pixels);
        else
            wrong ??= DecodeAndTurn(decoder, orientation, width, height, out pixels, out decoded);
        if (wrong is not null)
            throw new UserErrorException($"{images.NameOf(image)}: {wrong}; replace it");
        _resampler.Resample(decoded.Pointer, pixels, region, MemoryMarshal.Cast<byte, float>(input));
        _pixels.Shrink();
        _turned.Shrink();
    }

    /// <summary>Decodes all of an image, turned as EXIF says, neither scaled nor normalised.</summary>
    /// <exception cref="UserErrorException">The file is damaged.</exception>
    public WholePixels DecodeWhole(IImageList images, int image)
    {
        string? wrong = Open(images, image, out IPixelDecoder decoder, out int orientation, out int width, out int height);
        bool isUpright = orientation == ExifOrientation.Upright;
        // Before the decoder changes it.
        byte[]? file = isUpright && decoder == _jpegs && JpegHeader.IsJpeg(_file.Bytes) ? _file.Bytes.ToArray() : null;
        DecodedPixels pixels = default;
        NativeBuffer decoded = _pixels;
        if (isUpright)
            wrong ??= decoder.Decode(1, height, _pixels, out pixels);
        else
            wrong ??= DecodeAndTurn(decoder, orientation, width, height, out pixels, out decoded);
        if (wrong is not null)
            throw new UserErrorException($"{images.NameOf(image)}: {wrong}; replace it");
        return new WholePixels(decoded.Pointer, pixels.Width, Math.Min(pixels.Height, height), file);
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _jpegs.Dispose();
        _pixelMaps.Dispose();
        _others.Dispose();
        _resampler.Dispose();
        _pixels.Dispose();
        _turned.Dispose();
        _file.Dispose();
    }

    /// <summary>Reads a file and its size, as it is seen.</summary>
    /// <returns>What is wrong with it; null: nothing.</returns>
    private string? Open(IImageList images, int image, out IPixelDecoder decoder, out int orientation, out int width, out int height)
    {
        images.Read(image, _file);
        bool isJpeg = JpegHeader.IsJpeg(_file.Bytes);
        decoder = isJpeg ? _jpegs : PixelMapDecoder.IsPixelMap(_file.Bytes) ? _pixelMaps : _others;
        orientation = isJpeg ? ExifOrientation.Of(_file.Bytes) : ExifOrientation.Upright;
        string? wrong = decoder.Open(_file, out width, out height);
        if (wrong is null && (long)width * height > MostPixels)
            wrong = $"an image of {width} × {height} pixels, more than {MostPixels}";
        if (ExifOrientation.IsTransposed(orientation))
            (width, height) = (height, width);
        return wrong;
    }

    /// <summary>Few images need it: they are decoded whole.</summary>
    private string? DecodeAndTurn(IPixelDecoder decoder, int orientation, int width, int height, out DecodedPixels pixels, out NativeBuffer turned)
    {
        turned = _turned;
        string? wrong = decoder.Decode(1, Math.Max(width, height), _pixels, out pixels);
        if (wrong is null)
            pixels = ExifOrientation.Turn(orientation, _pixels.Pointer, pixels, _turned);
        return wrong;
    }

    private int ReductionFor(CropRegion region)
    {
        int reduction = StrongestReduction;
        while (reduction > 1 && Math.Min(region.Width, region.Height) < 1.5 * reduction * _crop)
            reduction /= 2;
        return reduction;
    }

    /// <summary>Rows from the top down to the region's lower edge, and as far below it as the filter may reach.</summary>
    private int RowsFor(CropRegion region, int height)
    {
        double reach = Math.Max(StrongestReduction, region.Height / _crop);
        return (int)Math.Min(height, Math.Ceiling(region.Y + region.Height + reach));
    }
}
