using System.Formats.Tar;
using System.Globalization;

namespace Daso.Images;

/// <summary>A file in a tar archive.</summary>
/// <param name="Inside">The archive inside of the archive that it is in, without .tar; empty: in none.</param>
/// <param name="Name">Its name.</param>
/// <param name="Offset">Where its bytes begin in the outer archive.</param>
/// <param name="Length">Bytes.</param>
/// <param name="Number">What a file with the ending .cls says; null: it is another file, or says no number.</param>
internal sealed record TarFile(string Inside, string Name, long Offset, long Length, int? Number)
{
    /// <summary>The ending of WebDataset's files with a class's number.</summary>
    public const string NumberEnding = ".cls";

    /// <summary>What WebDataset's files of one sample have in common: the name without what follows its first dot.</summary>
    public ReadOnlySpan<char> Key
    {
        get
        {
            int dot = Name.IndexOf('.', Name.LastIndexOf('/') + 1);
            return dot < 0 ? Name : Name.AsSpan(0, dot);
        }
    }

    /// <summary>Whether it is an image by its ending.</summary>
    public bool IsImage => ImageFolderScan.IsImage(Name) || Name.EndsWith(".ppm", StringComparison.Ordinal);

    /// <summary>All files of an archive in their order, in place of archives inside of it theirs.</summary>
    /// <exception cref="UserErrorException">It is damaged, or cannot be read.</exception>
    public static IReadOnlyList<TarFile> ReadAll(string path, out long size)
    {
        try
        {
            using FileStream archive = File.OpenRead(path);
            size = archive.Length;
            var files = new List<TarFile>();
            Collect(archive, 0, size, "", files);
            return files;
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException or FormatException)
        {
            throw new UserErrorException($"{path}: damaged archive: {e.Message}; fetch it again");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserErrorException($"{path}: cannot be read: {e.Message}");
        }
    }

    private static void Collect(FileStream archive, long start, long end, string inside, List<TarFile> files)
    {
        using var part = new FilePart(archive, start, end);
        using var reader = new TarReader(part, leaveOpen: true);
        while (reader.GetNextEntry() is TarEntry entry)
        {
            if (entry.EntryType is not (TarEntryType.RegularFile or TarEntryType.V7RegularFile))
                continue;
            long offset = start + entry.DataOffset;
            if (offset + entry.Length > end)
                throw new EndOfStreamException($"{entry.Name} is cut off");
            if (inside.Length == 0 && entry.Name.EndsWith(".tar", StringComparison.Ordinal))
                Collect(archive, offset, offset + entry.Length, Path.GetFileNameWithoutExtension(entry.Name), files);
            else
                files.Add(new TarFile(inside, entry.Name, offset, entry.Length, NumberIn(entry)));
        }
    }

    private static int? NumberIn(TarEntry entry)
    {
        if (!entry.Name.EndsWith(NumberEnding, StringComparison.Ordinal))
            return null;
        using var text = new StreamReader(entry.DataStream ?? Stream.Null);
        return int.TryParse(text.ReadToEnd(), NumberStyles.Integer, CultureInfo.InvariantCulture, out int number) ? number : null;
    }
}
