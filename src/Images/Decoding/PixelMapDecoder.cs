namespace Daso.Images;

/// <summary>
/// Pixels that are not compressed: portable pixmaps of one byte a colour (Netpbm's P6 with a largest value of 255), as packed shards have them.
/// Only the rows that are needed are taken.
/// </summary>
internal sealed unsafe class PixelMapDecoder : IPixelDecoder
{
    private ImageFile? _file;
    private int _width;
    private int _height;
    private int _pixels;

    /// <summary>Whether a file begins as a portable pixmap does.</summary>
    public static bool IsPixelMap(ReadOnlySpan<byte> file) => file is [(byte)'P', (byte)'6', (byte)'\n', ..];

    /// <summary>What stands before the pixels.</summary>
    public static byte[] Header(int width, int height) =>
        System.Text.Encoding.ASCII.GetBytes(FormattableString.Invariant($"P6\n{width} {height}\n255\n"));

    /// <inheritdoc />
    public string? Open(ImageFile file, out int width, out int height)
    {
        _file = file;
        int at = 3;
        bool isWhole = Number(file.Bytes, ref at, out width) & Number(file.Bytes, ref at, out height) & Number(file.Bytes, ref at, out int largest);
        (_width, _height, _pixels) = (width, height, at);
        if (!isWhole || largest != 255 || width < 1 || height < 1)
            return "damaged image, its header is cut off or wrong";
        return file.Length - at >= 3L * width * height ? null : "damaged image, it is cut off";
    }

    /// <inheritdoc />
    public string? Decode(int reduction, int rows, NativeBuffer to, out DecodedPixels pixels)
    {
        pixels = new DecodedPixels(_width, Math.Min(_height, rows), 1);
        to.Reserve((nuint)pixels.RowBytes * (nuint)pixels.Height);
        byte* from = _file!.Pointer + _pixels;
        var target = (uint*)to.Pointer;
        for (long i = 0; i < (long)pixels.Width * pixels.Height; i++, from += 3)
            target[i] = from[0] | (uint)from[1] << 8 | (uint)from[2] << 16;
        return null;
    }

    /// <inheritdoc />
    public void Dispose()
    {
    }

    /// <summary>Digits and one byte of white space behind them.</summary>
    private static bool Number(ReadOnlySpan<byte> file, ref int at, out int number)
    {
        int first = at;
        for (number = 0; at < file.Length && at - first < 6 && file[at] is >= (byte)'0' and <= (byte)'9'; at++)
            number = 10 * number + (file[at] - '0');
        return at > first && at < file.Length && file[at++] is (byte)' ' or (byte)'\n';
    }
}
