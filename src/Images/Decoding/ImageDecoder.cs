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
    private readonly Resampler _resampler;
    private readonly SkiaDecoder _others = new();
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

    /// <summary>Decodes, crops, scales and normalises an image; transparent parts are black.</summary>
    /// <param name="images">The list that it is in.</param>
    /// <param name="image">Its number; its content tells the format, not its name.</param>
    /// <param name="rule">Chooses the part.</param>
    /// <param name="random">For the rule.</param>
    /// <param name="input">Memory of float32 [3, crop, crop].</param>
    /// <exception cref="UserErrorException">The file is damaged.</exception>
    public void Decode(IImageList images, int image, ICropRule rule, SeededRandom random, Span<byte> input)
    {
        images.Read(image, _file);
        IPixelDecoder decoder = JpegHeader.IsJpeg(_file.Bytes) ? _jpegs : _others;
        string? wrong = decoder.Open(_file, out int width, out int height);
        if (wrong is null && (long)width * height > MostPixels)
            wrong = $"an image of {width} × {height} pixels, more than {MostPixels}";
        CropRegion region = wrong is null ? rule.Choose(width, height, random) : default;
        DecodedPixels pixels = default;
        wrong ??= decoder.Decode(ReductionFor(region), RowsFor(region, height), _pixels, out pixels);
        if (wrong is not null)
            throw new UserErrorException($"{images.NameOf(image)}: {wrong}; replace it");
        _resampler.Resample(_pixels.Pointer, pixels, region, MemoryMarshal.Cast<byte, float>(input));
        _pixels.Shrink();
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _jpegs.Dispose();
        _others.Dispose();
        _resampler.Dispose();
        _pixels.Dispose();
        _file.Dispose();
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
