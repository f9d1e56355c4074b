using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Daso.Models;

/// <summary>Numbers as little-endian bytes, block by block: a span of bytes ends at 2 GiB, 536,870,911 numbers.</summary>
internal static class FloatBytes
{
    private const int BlockElements = 1 << 28;

    /// <summary>Writes all values.</summary>
    public static void Write(BinaryWriter writer, ReadOnlySpan<float> values, int blockElements = BlockElements)
    {
        while (NextBlock(ref values, blockElements) is { Length: > 0 } block)
            writer.Write(block);
    }

    /// <summary>Fills a range of values with what <see cref="Write"/> wrote.</summary>
    /// <exception cref="EndOfStreamException">There is less.</exception>
    public static void Read(BinaryReader reader, Span<float> values, int blockElements = BlockElements)
    {
        for (; values.Length > 0; values = values[Math.Min(values.Length, blockElements)..])
            reader.BaseStream.ReadExactly(MemoryMarshal.AsBytes(values[..Math.Min(values.Length, blockElements)]));
    }

    /// <summary>SHA-256 of all values; hexadecimal.</summary>
    public static string Sha256(ReadOnlySpan<float> values, int blockElements = BlockElements)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        while (NextBlock(ref values, blockElements) is { Length: > 0 } block)
            hash.AppendData(block);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static ReadOnlySpan<byte> NextBlock(ref ReadOnlySpan<float> values, int blockElements)
    {
        int length = Math.Min(values.Length, blockElements);
        ReadOnlySpan<byte> block = MemoryMarshal.AsBytes(values[..length]);
        values = values[length..];
        return block;
    }
}
