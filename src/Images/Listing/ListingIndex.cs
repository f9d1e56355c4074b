using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Daso.Images;

/// <summary>
/// Keeps the listing of a large folder in a file, so that the next run need not ask the file system for each of a million images. The file counts as
/// long as the folder is what it was: the same folders of classes with the same times of their last change, which a file that is added, removed or
/// renamed moves, or the same archives, and the same content of the files that the fingerprint looks into. One that is damaged, or that
/// another build of the program wrote, is none.
/// </summary>
/// <param name="place">Folder of the files.</param>
/// <param name="fewestImages">Smaller folders are listed each time.</param>
internal sealed class ListingIndex(string place, int fewestImages = 100_000)
{
    /// <summary>The user's: $XDG_CACHE_HOME/daso/listings, by default below ~/.cache.</summary>
    public static ListingIndex OfUser => new(Path.Combine(
        Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } cache
            ? cache
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache"),
        "daso",
        "listings"));

    /// <summary>The listing of a folder, from its file where that counts; a new one is kept.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="mostClasses">More classes are an error.</param>
    /// <exception cref="UserErrorException">It has another layout or cannot be listed.</exception>
    public ImageListing Find(string folder, int mostClasses)
    {
        string path = Path.Combine(place, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Path.GetFullPath(folder))))[..32]);
        // Before the listing: what changes meanwhile makes the file another folder's.
        byte[]? identity = IdentityOf(folder, mostClasses);
        if (identity is not null && Read(path, identity, folder) is ImageListing known)
            return known;
        var found = ImageListing.Find(folder, mostClasses);
        if (identity is not null && found.Count >= fewestImages)
            Write(path, identity, found.ToBytes());
        return found;
    }

    /// <summary>A hash of what tells whether a folder has changed; null: it has another layout, which the listing says better.</summary>
    private static byte[]? IdentityOf(string folder, int mostClasses)
    {
        try
        {
            var place = new DirectoryInfo(folder);
            IEnumerable<FileSystemInfo> parts = ArchiveScan.IsFor(folder)
                ? place.EnumerateFiles("*")
                : new[] { "train", "val" }.Select(split => new DirectoryInfo(Path.Combine(folder, split)))
                    .SelectMany(split => split.EnumerateDirectories().Prepend(split));
            var text = new StringBuilder($"{typeof(ListingIndex).Module.ModuleVersionId} {place.FullName} {mostClasses}\n");
            foreach (FileSystemInfo part in parts.OrderBy(part => part.FullName, StringComparer.Ordinal))
            {
                FileSystemInfo target = part.ResolveLinkTarget(returnFinalTarget: true) ?? part;
                text.Append(CultureInfo.InvariantCulture, $"{part.FullName} {target.FullName} {target.LastWriteTimeUtc.Ticks} {(target as FileInfo)?.Length}\n");
            }

            return SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString()));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static ImageListing? Read(string path, byte[] identity, string folder)
    {
        try
        {
            if (!File.Exists(path))
                return null;
            byte[] file = File.ReadAllBytes(path);
            int header = identity.Length + SHA256.HashSizeInBytes;
            if (file.Length < header
                || !file.AsSpan(0, identity.Length).SequenceEqual(identity)
                || !file.AsSpan(identity.Length, SHA256.HashSizeInBytes).SequenceEqual(SHA256.HashData(file.AsSpan(header))))
            {
                return null;
            }

            var listing = ImageListing.FromBytes(file[header..], folder);
            return IsAsSampled(listing, folder)
                ? listing with { Remarks = [.. listing.Remarks, $"--data {folder}: listed by {path}, which was made at {File.GetLastWriteTime(path):yyyy-MM-dd HH:mm}"] }
                : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or UserErrorException)
        {
            return null;
        }
    }

    private static bool IsAsSampled(ImageListing listing, string folder)
    {
        bool isSame = true;
        ImageFolderScan.ForAll(listing.Samples.Count, sample =>
        {
            (string name, ulong hash) = listing.Samples[sample];
            string path = Path.Combine(folder, name);
            if (ImageFolderScan.SizeOf(path) is not long size || ImageFolderScan.Sample(path, size) != hash)
                Volatile.Write(ref isSame, false);
        });
        return isSame;
    }

    /// <summary>Where it cannot be written there is none.</summary>
    private static void Write(string path, byte[] identity, byte[] listing)
    {
        string temporary = FormattableString.Invariant($"{path}.{Environment.ProcessId}");
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            using (FileStream file = File.Create(temporary))
            {
                file.Write(identity);
                file.Write(SHA256.HashData(listing));
                file.Write(listing);
            }

            File.Move(temporary, path, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            if (File.Exists(temporary))
                File.Delete(temporary);
        }
    }
}
