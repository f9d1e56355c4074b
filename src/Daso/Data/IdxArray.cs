using System.Buffers.Binary;

namespace Daso.Data;

/// <summary>
/// An array of unsigned bytes in the IDX format of the MNIST database: two zero bytes, the type 0x08, the number of dimensions, each
/// size as a big-endian 32-bit number, then the values, the last dimension fastest.
/// </summary>
internal sealed class IdxArray
{
    private readonly int _header;

    private IdxArray(string path, byte[] content, int[] sizes)
    {
        FilePath = path;
        Content = content;
        Sizes = sizes;
        _header = 4 + 4 * sizes.Length;
    }

    /// <summary>Where it was read.</summary>
    public string FilePath { get; }

    /// <summary>The whole unpacked file.</summary>
    public byte[] Content { get; }

    /// <summary>The size of each dimension, all at least 1.</summary>
    public IReadOnlyList<int> Sizes { get; }

    /// <summary>The values.</summary>
    public ReadOnlySpan<byte> Values => Content.AsSpan(_header);

    /// <summary>Reads and checks a file.</summary>
    /// <param name="path">Plain or gzip.</param>
    /// <param name="dimensions">3 for images, 1 for labels.</param>
    /// <exception cref="UserErrorException">It is not such a file, or is damaged.</exception>
    public static IdxArray Read(string path, int dimensions)
    {
        byte[] content = DataFile.Read(path);
        int header = 4 + 4 * dimensions;
        if (content.Length < header)
            throw new UserErrorException($"{path}: {content.Length} bytes, shorter than an IDX header of {header}");
        uint magic = BinaryPrimitives.ReadUInt32BigEndian(content);
        uint expected = 0x0800u | (uint)dimensions;
        if (magic != expected)
        {
            throw new UserErrorException(
                $"{path}: begins with 0x{magic:X8}, not with 0x{expected:X8} as an IDX file of bytes in {dimensions} dimension(s)");
        }

        var sizes = new int[dimensions];
        Int128 values = 1;
        for (int i = 0; i < dimensions; i++)
        {
            sizes[i] = BinaryPrimitives.ReadInt32BigEndian(content.AsSpan(4 + 4 * i));
            if (sizes[i] < 1)
                throw new UserErrorException($"{path}: dimension {i} has size {(uint)sizes[i]}, expected 1 to {int.MaxValue}");
            values *= sizes[i];
        }

        int found = content.Length - header;
        if (found != values)
        {
            throw new UserErrorException(
                $"{path}: its header announces {values} values ({string.Join(" × ", sizes)}), {found} follow: " +
                (found < values ? "it is truncated" : "it has trailing bytes"));
        }

        return new IdxArray(path, content, sizes);
    }
}
