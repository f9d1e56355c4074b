using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Daso.Data;

/// <summary>
/// Makes and compares the texts that tell data from other data of the same name. Files that are read whole give the SHA-256 of their
/// content. A folder of many files gives the SHA-256 of their names, then a short hash of each of at most 64 groups of files, so that
/// a few files that were mended can be told from other data.
/// </summary>
public static class DataFingerprint
{
    /// <summary>Groups that the files of a folder are divided into, where there are so many files.</summary>
    public const int MostGroups = 64;

    private const int GroupBytes = 4;
    private const string Contents = " contents:";

    /// <summary>The fingerprint of whole contents, in order.</summary>
    public static string Of(params ReadOnlySpan<byte[]> contents)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (byte[] content in contents)
            hash.AppendData(content);
        return Text(hash);
    }

    /// <summary>The fingerprint of a folder's files, in order.</summary>
    /// <param name="names">Hashed: the files' names.</param>
    /// <param name="files">For each file a hash of its size and, where it was looked into, of its content.</param>
    public static string OfFolder(IncrementalHash names, IReadOnlyList<ulong> files)
    {
        int groups = Math.Min(files.Count, MostGroups);
        string text = Text(names) + Contents;
        Span<byte> value = stackalloc byte[sizeof(ulong)];
        for (int group = 0; group < groups; group++)
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            for (int file = group; file < files.Count; file += groups)
            {
                BinaryPrimitives.WriteUInt64LittleEndian(value, files[file]);
                hash.AppendData(value);
            }

            text += Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, GroupBytes));
        }

        return text;
    }

    /// <summary>The fingerprint of data that samples were taken out of: it is other data.</summary>
    internal static string Without(string fingerprint, ReadOnlySpan<int> train, ReadOnlySpan<int> heldOut)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(MemoryMarshal.AsBytes(train));
        hash.AppendData([0xFF]);
        hash.AppendData(MemoryMarshal.AsBytes(heldOut));
        return $"{fingerprint} without:{Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, sizeof(ulong)))}";
    }

    /// <summary>Whether a folder is an earlier one in which some files were mended: the same names, and more than half of its groups the
    /// same. Other data under the same names shares none.</summary>
    /// <param name="earlier">The fingerprint before.</param>
    /// <param name="now">The fingerprint today.</param>
    /// <param name="changed">Groups with other content.</param>
    /// <param name="groups">All groups: one a file, up to 64.</param>
    public static bool IsMended(string earlier, string now, out int changed, out int groups)
    {
        (changed, groups) = (0, 0);
        if (earlier.Length != now.Length
            || earlier.Split(Contents) is not [string names, string before]
            || !now.StartsWith(names + Contents, StringComparison.Ordinal))
        {
            return false;
        }

        string[] here = [.. now[^before.Length..].Chunk(2 * GroupBytes).Select(group => new string(group))];
        groups = here.Length;
        changed = before.Chunk(2 * GroupBytes).Zip(here, (a, b) => new string(a) != b).Count(differs => differs);
        return changed > 0 && changed < groups - changed;
    }

    private static string Text(IncrementalHash hash) => "sha256:" + Convert.ToHexStringLower(hash.GetHashAndReset());
}
