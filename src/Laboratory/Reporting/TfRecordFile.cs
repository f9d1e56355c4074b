using System.Buffers.Binary;
using System.Numerics;

namespace Daso.Reporting;

/// <summary>
/// The framing of TensorFlow's record files: for each record its length (8 bytes), the length's checksum (4), the data, the data's
/// checksum (4), all little-endian. A checksum is a CRC-32C, rotated and shifted by a constant.
/// </summary>
internal static class TfRecordFile
{
    private const uint MaskShift = 0xa282ead8;

    /// <summary>Appends a record.</summary>
    public static void Append(Stream file, ReadOnlySpan<byte> data)
    {
        Span<byte> head = stackalloc byte[12];
        BinaryPrimitives.WriteInt64LittleEndian(head, data.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(head[8..], MaskedCrc(head[..8]));
        file.Write(head);
        file.Write(data);
        Span<byte> tail = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(tail, MaskedCrc(data));
        file.Write(tail);
    }

    /// <summary>CRC-32C (Castagnoli), as in iSCSI.</summary>
    internal static uint Crc32C(ReadOnlySpan<byte> data)
    {
        uint crc = uint.MaxValue;
        foreach (byte b in data)
            crc = BitOperations.Crc32C(crc, b);
        return ~crc;
    }

    private static uint MaskedCrc(ReadOnlySpan<byte> data) => BitOperations.RotateRight(Crc32C(data), 15) + MaskShift;
}
