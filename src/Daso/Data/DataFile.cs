using System.Buffers.Binary;
using System.IO.Compression;

namespace Daso.Data;

/// <summary>Reads whole data files, packed by gzip or plain, and says in one line what is wrong with one.</summary>
internal static class DataFile
{
    /// <summary>Header, empty content, checksum and length.</summary>
    private const int ShortestGzip = 20;

    /// <summary>Bytes that a byte of gzip holds at most.</summary>
    private const long MostUnpacked = 258 * 4;

    /// <summary>The file of this name in a folder, or the same with .gz at its end.</summary>
    /// <exception cref="UserErrorException">Neither exists.</exception>
    public static string Find(string folder, string name)
    {
        string plain = Path.Combine(folder, name);
        string packed = plain + ".gz";
        if (File.Exists(plain))
            return plain;
        return File.Exists(packed) ? packed : throw new UserErrorException($"{plain}: no such file, nor {name}.gz");
    }

    /// <summary>The file's content, unpacked if it is gzip.</summary>
    /// <exception cref="UserErrorException">It cannot be read or unpacked, or is larger than one array.</exception>
    public static byte[] Read(string path)
    {
        byte[] bytes;
        try
        {
            long length = new FileInfo(path).Length;
            if (length > Array.MaxLength)
                throw new UserErrorException($"{path}: {length} bytes; a file that is held in memory has at most {Array.MaxLength}");
            bytes = File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new UserErrorException($"{path}: no such file");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserErrorException($"{path}: cannot be read: {e.Message}");
        }

        if (bytes is [0x1F, 0x8B, ..])
            return Unpack(path, bytes);
        if (path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase))
            throw new UserErrorException($"{path}: is not gzip, though its name says so; fetch it again");
        return bytes;
    }

    /// <summary>
    /// Unpacks into exactly the bytes that the file's end announces, so that a small file takes no more memory than it says, and none
    /// if it says too much.
    /// </summary>
    private static byte[] Unpack(string path, byte[] packed)
    {
        // A whole gzip of one member ends with its length modulo 2³².
        uint announced = packed.Length < ShortestGzip ? 0 : BinaryPrimitives.ReadUInt32LittleEndian(packed.AsSpan()[^4..]);
        // The end of a file that is cut off announces anything; deflate packs 258 bytes in two bits at best (RFC 1951, longest match).
        if (announced > MostUnpacked * packed.Length)
            throw Truncated(path);
        if (announced > Array.MaxLength)
            throw new UserErrorException($"{path}: unpacks to {announced} bytes, held in memory are at most {Array.MaxLength}; take a part");
        byte[] unpacked = new byte[announced];
        try
        {
            using var gzip = new GZipStream(new MemoryStream(packed), CompressionMode.Decompress);
            if (gzip.ReadAtLeast(unpacked, unpacked.Length, throwOnEndOfStream: false) < unpacked.Length
                || gzip.ReadByte() >= 0
                || packed.Length < ShortestGzip)
            {
                throw Truncated(path);
            }
        }
        catch (InvalidDataException e)
        {
            throw new UserErrorException($"{path}: damaged gzip: {e.Message} Fetch it again");
        }

        return unpacked;
    }

    private static UserErrorException Truncated(string path) => new($"{path}: truncated gzip, or not a single member; fetch it again");
}
