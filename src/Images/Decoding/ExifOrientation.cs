using System.Buffers.Binary;

namespace Daso.Images;

/// <summary>How a JPEG's pixels are to be turned before they are seen: tag 0x0112 of EXIF (CIPA DC-008, 4.6.5.1), 1 to 8; 1: not at all.</summary>
internal static unsafe class ExifOrientation
{
    /// <summary>As most images are.</summary>
    public const int Upright = 1;

    private const byte Segment = 0xE1;
    private const byte StartOfScan = 0xDA;
    private const ushort Tag = 0x0112;
    private const ushort Short = 3;
    private const int EntryBytes = 12;

    /// <summary>Reads a file's orientation; what cannot be read is upright.</summary>
    /// <param name="file">A JPEG.</param>
    public static int Of(ReadOnlySpan<byte> file)
    {
        int at = 2;
        while (at + 4 <= file.Length && file[at] == 0xFF && file[at + 1] != StartOfScan)
        {
            if (file[at + 1] == 0xFF)
            {
                at++;
                continue;
            }

            int length = BinaryPrimitives.ReadUInt16BigEndian(file[(at + 2)..]);
            if (length < 2 || at + 2 + length > file.Length)
                break;
            ReadOnlySpan<byte> content = file.Slice(at + 4, length - 2);
            if (file[at + 1] == Segment && content.StartsWith("Exif\0\0"u8))
                return InTiff(content[6..]);
            at += 2 + length;
        }

        return Upright;
    }

    /// <summary>Whether rows become columns.</summary>
    public static bool IsTransposed(int orientation) => orientation >= 5;

    /// <summary>Turns decoded pixels.</summary>
    /// <param name="orientation">2 to 8.</param>
    /// <param name="from">The pixels.</param>
    /// <param name="pixels">Their layout, not reduced.</param>
    /// <param name="to">Takes the turned pixels.</param>
    /// <returns>The layout of these.</returns>
    public static DecodedPixels Turn(int orientation, byte* from, DecodedPixels pixels, NativeBuffer to)
    {
        bool isTransposed = IsTransposed(orientation);
        DecodedPixels turned = isTransposed ? new DecodedPixels(pixels.Height, pixels.Width, 1) : pixels;
        to.Reserve((nuint)turned.RowBytes * (nuint)turned.Height);
        // Where the first row and the first column are seen at the other end.
        bool isRowTurned = orientation is 3 or 4 or 6 or 7, isColumnTurned = orientation is 2 or 3 or 7 or 8;
        uint* source = (uint*)from, target = (uint*)to.Pointer;
        for (int y = 0; y < turned.Height; y++)
        {
            for (int x = 0; x < turned.Width; x++)
            {
                (int row, int column) = isTransposed ? (x, y) : (y, x);
                row = isRowTurned ? pixels.Height - 1 - row : row;
                column = isColumnTurned ? pixels.Width - 1 - column : column;
                *target++ = source[(long)row * pixels.Width + column];
            }
        }

        return turned;
    }

    private static int InTiff(ReadOnlySpan<byte> tiff)
    {
        bool isLittle = tiff.StartsWith("II"u8);
        if (tiff.Length < 8 || (!isLittle && !tiff.StartsWith("MM"u8)))
            return Upright;
        long directory = isLittle ? BinaryPrimitives.ReadUInt32LittleEndian(tiff[4..]) : BinaryPrimitives.ReadUInt32BigEndian(tiff[4..]);
        if (directory + 2 > tiff.Length)
            return Upright;
        ReadOnlySpan<byte> entries = tiff[(int)directory..];
        int count = Number(entries, isLittle);
        for (int i = 0, at = 2; i < count && at + EntryBytes <= entries.Length; i++, at += EntryBytes)
        {
            ReadOnlySpan<byte> entry = entries.Slice(at, EntryBytes);
            if (Number(entry, isLittle) == Tag && Number(entry[2..], isLittle) == Short)
                return Number(entry[8..], isLittle) is >= 1 and <= 8 and var orientation ? orientation : Upright;
        }

        return Upright;
    }

    private static ushort Number(ReadOnlySpan<byte> bytes, bool isLittle) =>
        isLittle ? BinaryPrimitives.ReadUInt16LittleEndian(bytes) : BinaryPrimitives.ReadUInt16BigEndian(bytes);
}
