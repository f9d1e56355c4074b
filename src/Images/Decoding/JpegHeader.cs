using System.Buffers.Binary;

namespace Daso.Images;

/// <summary>What the segments before a JPEG's first scan say (ITU-T T.81, annex B).</summary>
internal readonly struct JpegHeader
{
    private const int FrameHeightAt = 5;
    private readonly int _frame;

    private JpegHeader(int frame, int scan, bool isOneScan, bool isProgressive, int rowsOfUnit)
    {
        _frame = frame;
        Scan = scan;
        IsOneScan = isOneScan;
        IsProgressive = isProgressive;
        RowsOfUnit = rowsOfUnit;
    }

    /// <summary>Where the first scan begins.</summary>
    public int Scan { get; }

    /// <summary>Whether all is in one scan from top to bottom, so that rows can be left out at the bottom.</summary>
    public bool IsOneScan { get; }

    /// <summary>Whether later scans refine earlier ones.</summary>
    public bool IsProgressive { get; }

    /// <summary>Rows of pixels in a minimum coded unit: 8 or 16, rarely 32.</summary>
    public int RowsOfUnit { get; }

    /// <summary>Whether a file begins as a JPEG does.</summary>
    public static bool IsJpeg(ReadOnlySpan<byte> file) => file is [0xFF, 0xD8, 0xFF, ..];

    /// <summary>Reads the segments; false: the file ends before, or is no usual JPEG.</summary>
    public static bool TryRead(ReadOnlySpan<byte> file, out JpegHeader header)
    {
        header = default;
        int at = 2, frame = 0, components = 0, rowsOfUnit = 0;
        bool isSequential = false;
        while (at + 4 <= file.Length && file[at] == 0xFF)
        {
            byte marker = file[at + 1];
            if (marker == 0xFF)
            {
                at++;
                continue;
            }

            int length = BinaryPrimitives.ReadUInt16BigEndian(file[(at + 2)..]);
            if (length < 2 || at + 2 + length > file.Length)
                return false;
            ReadOnlySpan<byte> segment = file.Slice(at + 4, length - 2);
            if (IsFrame(marker))
            {
                if (segment.Length < 6 || segment.Length < 6 + 3 * segment[5])
                    return false;
                (frame, components, isSequential) = (at, segment[5], marker <= 0xC1);
                for (int i = 0; i < components; i++)
                    rowsOfUnit = Math.Max(rowsOfUnit, 8 * (segment[7 + 3 * i] & 15));
            }
            else if (marker == 0xDA)
            {
                bool isOneScan = frame > 0 && isSequential && segment.Length > 0 && segment[0] == components;
                header = new JpegHeader(frame, at, isOneScan, file[frame + 1] is 0xC2 or 0xCA, rowsOfUnit);
                return frame > 0 && rowsOfUnit > 0;
            }

            at += 2 + length;
        }

        return false;
    }

    /// <summary>Writes another height into the frame's header: a decoder then ends after so many rows.</summary>
    public void SetHeight(Span<byte> file, int rows) =>
        BinaryPrimitives.WriteUInt16BigEndian(file[(_frame + FrameHeightAt)..], (ushort)rows);

    /// <summary>SOF0 … SOF15 without DHT, JPG and DAC.</summary>
    private static bool IsFrame(byte marker) => marker is >= 0xC0 and <= 0xCF and not (0xC4 or 0xC8 or 0xCC);
}
