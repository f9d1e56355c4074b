using System.IO.Compression;
using System.Security.Cryptography;

namespace Daso.Data;

/// <summary>Reads whole data files, packed by gzip or plain, and says in one line what is wrong with one.</summary>
internal static class DataFile
{
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
    /// <exception cref="UserErrorException">It cannot be read or unpacked.</exception>
    public static byte[] Read(string path)
    {
        byte[] bytes;
        try
        {
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

    /// <summary>The fingerprint of contents, in order.</summary>
    public static string Fingerprint(params ReadOnlySpan<byte[]> contents)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (byte[] content in contents)
            hash.AppendData(content);
        return Fingerprint(hash);
    }

    /// <summary>A finished hash as a fingerprint.</summary>
    public static string Fingerprint(IncrementalHash hash) => "sha256:" + Convert.ToHexStringLower(hash.GetHashAndReset());

    /// <summary>What a specification says of a place: its last segment, since the rest differs between machines.</summary>
    public static string LastSegment(string path) => Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(path)));

    private static byte[] Unpack(string path, byte[] packed)
    {
        using var unpacked = new MemoryStream();
        try
        {
            using var gzip = new GZipStream(new MemoryStream(packed), CompressionMode.Decompress);
            gzip.CopyTo(unpacked);
        }
        catch (InvalidDataException e)
        {
            throw new UserErrorException($"{path}: damaged gzip: {e.Message} Fetch it again");
        }

        return unpacked.ToArray();
    }
}
