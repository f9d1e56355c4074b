using System.Runtime.InteropServices;

namespace Daso.Images;

/// <summary>
/// JPEGs by libjpeg-turbo: reduced while they are decoded, and, where the file is one scan, without the rows below those that are needed.
/// Rows above must be read, since each unit's values build on those before.
/// </summary>
internal sealed unsafe class JpegDecoder : IPixelDecoder
{
    private readonly nint _handle = TurboJpeg.InitDecompress();
    private ImageFile? _file;
    private JpegHeader _header;
    private int _width;
    private int _height;
    private bool _isCmyk;

    /// <inheritdoc />
    public string? Open(ImageFile file, out int width, out int height)
    {
        _file = file;
        int result = TurboJpeg.DecompressHeader(_handle, file.Pointer, new CULong((uint)file.Length), out width, out height, out _, out int colours);
        (_width, _height, _isCmyk) = (width, height, colours >= TurboJpeg.CmykColours);
        if (!JpegHeader.TryRead(file.Bytes, out _header))
            return "damaged image, its header is cut off or wrong";
        return result != 0 && TurboJpeg.GetErrorCode(_handle) != TurboJpeg.Warning ? $"damaged image ({ErrorText()})" : null;
    }

    /// <inheritdoc />
    public string? Decode(int reduction, int rows, NativeBuffer to, out DecodedPixels pixels)
    {
        bool isComplete = HasEnd();
        int height = _height;
        if (!isComplete)
        {
            // Without later scans all pixels may be there, and only the end's marker is missing: then it is not missed.
            if (_header.IsProgressive)
                return CutOff(out pixels);
            _file!.AppendEndOfJpeg();
        }
        else if (_header.IsOneScan)
        {
            // One unit more: the last needed rows of smaller colour planes are interpolated with those below.
            height = Math.Min(height, ((rows - 1) / _header.RowsOfUnit + 2) * _header.RowsOfUnit);
            _header.SetHeight(_file!.Bytes, height);
        }

        pixels = new DecodedPixels((_width + reduction - 1) / reduction, (height + reduction - 1) / reduction, reduction);
        to.Reserve((nuint)pixels.RowBytes * (nuint)pixels.Height);
        int result = TurboJpeg.Decompress(
            _handle,
            _file!.Pointer,
            new CULong((uint)_file.Length),
            to.Pointer,
            pixels.Width,
            pixels.RowBytes,
            pixels.Height,
            _isCmyk ? TurboJpeg.Cmyk : TurboJpeg.Rgbx,
            0);
        if (result != 0 && Failure(isComplete) is string failure)
            return failure;
        if (_isCmyk)
            ToRgbx(new Span<byte>(to.Pointer, pixels.RowBytes * pixels.Height));
        return null;
    }

    /// <inheritdoc />
    public void Dispose() => _ = TurboJpeg.Destroy(_handle);

    /// <summary>Whether the file has the marker of a JPEG's end; inside a scan those two bytes do not occur.</summary>
    private bool HasEnd() => _file!.Bytes[_header.Scan..].LastIndexOf([(byte)0xFF, (byte)0xD9]) >= 0;

    /// <summary>What is wrong; null: a warning that other readers bear, too, such as superfluous bytes. Missing pixels are grey, which
    /// is a warning as well, so a file without an end has none.</summary>
    private string? Failure(bool isComplete)
    {
        if (TurboJpeg.GetErrorCode(_handle) != TurboJpeg.Warning)
            return $"damaged image ({ErrorText()})";
        return isComplete ? null : CutOff(out _);
    }

    private static string CutOff(out DecodedPixels pixels)
    {
        pixels = default;
        return "damaged image, it is cut off";
    }

    private string ErrorText() => Marshal.PtrToStringUTF8(TurboJpeg.GetErrorText(_handle)) ?? "";

    /// <summary>Adobe's inverted CMYK to red, green and blue, rounded as Pillow does.</summary>
    private static void ToRgbx(Span<byte> pixels)
    {
        for (int i = 0; i < pixels.Length; i += 4)
        {
            int key = pixels[i + 3];
            for (int channel = 0; channel < 3; channel++)
            {
                int product = (255 - pixels[i + channel]) * key + 128;
                pixels[i + channel] = (byte)Math.Max(0, key - ((product + (product >> 8)) >> 8));
            }
        }
    }
}
