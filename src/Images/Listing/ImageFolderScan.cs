using System.IO.Enumeration;
using System.Runtime.ExceptionServices;
using System.Security.Cryptography;
using System.Text;
using Daso.Data;

namespace Daso.Images;

/// <summary>
/// Lists a folder in ImageNet's layout: finds and counts all that is there, takes what has its place, and says what has none.
/// </summary>
internal sealed class ImageFolderScan
{
    private const string Layout = "train/CLASS/*.JPEG and val/CLASS/*.JPEG";

    /// <summary>Folders listed, and files looked into, at a time: what takes long is the file system's answer.</summary>
    private const int Parallelism = 16;

    /// <summary>Files whose content the fingerprint samples, spread over all, and the bytes at each end of them.</summary>
    private const int SampledFiles = 4096;
    private const int SampledBytes = 4096;

    private static readonly EnumerationOptions s_visible = new() { IgnoreInaccessible = false };
    private static readonly EnumerationOptions s_visibleBelow = new() { IgnoreInaccessible = false, RecurseSubdirectories = true };

    private readonly string _folder;
    private readonly UnusedFiles _unused = new();

    private ImageFolderScan(string folder) => _folder = folder;

    /// <summary>Lists a folder.</summary>
    /// <param name="folder">Has train and val.</param>
    /// <param name="mostClasses">More classes are an error.</param>
    /// <exception cref="UserErrorException">The folder has another layout or cannot be listed.</exception>
    public static ImageListing Run(string folder, int mostClasses)
    {
        try
        {
            return new ImageFolderScan(folder).Run(mostClasses);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserErrorException($"--data {folder}: cannot be listed: {e.Message}");
        }
    }

    /// <summary>Bytes of a file, or of what a link leads to; null: it is not there, or leads to nothing.</summary>
    public static long? SizeOf(string path)
    {
        var file = new FileInfo(path);
        if (!file.Exists)
            return null;
        FileSystemInfo target = file.ResolveLinkTarget(returnFinalTarget: true) ?? file;
        return target.Exists ? new FileInfo(target.FullName).Length : null;
    }

    private ImageListing Run(int mostClasses)
    {
        string trainFolder = Require("train"), heldOutFolder = Require("val");
        string[] classes = ClassesIn(trainFolder);
        if (classes.Length == 0)
            throw new UserErrorException($"{trainFolder}: has no class folder; expected {Layout}");
        if (classes.Length > mostClasses)
            throw new UserErrorException($"{trainFolder}: has {classes.Length} class folders, the model knows {mostClasses} classes");
        string[] heldOutClasses = ClassesIn(heldOutFolder);
        string? unknown = heldOutClasses.Except(classes, StringComparer.Ordinal).FirstOrDefault();
        if (unknown is not null)
            throw new UserErrorException($"{Path.Combine(heldOutFolder, unknown)}: no such class in {trainFolder}");
        FoundImage[][] train = List("train", classes, classes);
        if (heldOutClasses.Length == 0)
            throw new UserErrorException($"{heldOutFolder}: has no class folder; sort its images into {Layout}");
        FoundImage[][] heldOut = List("val", classes, heldOutClasses);
        string remark = string.Join("; ", [.. _unused.Remarks(), .. Missing(classes, heldOutClasses)]);
        return new ImageListing(
            FolderImages.Of(_folder, "train", classes, train),
            FolderImages.Of(_folder, "val", classes, heldOut),
            Fingerprint(classes, out (string, ulong)[] samples, ("train", train), ("val", heldOut)),
            remark.Length == 0 ? [] : [$"--data {_folder}: {remark}"])
        {
            Samples = samples,
        };
    }

    private string Require(string split)
    {
        if (!Directory.Exists(_folder))
            throw new UserErrorException($"--data {_folder}: no such folder; expected one with {Layout}");
        string path = Path.Combine(_folder, split);
        return Directory.Exists(path) ? path : throw new UserErrorException($"--data {_folder}: has no folder {split}; expected {Layout}");
    }

    private static string[] ClassesIn(string splitFolder)
    {
        string[] names = [.. new DirectoryInfo(splitFolder).EnumerateDirectories("*", s_visible).Select(directory => directory.Name)];
        if (names.FirstOrDefault(UnusedFiles.IsNotText) is string unreadable)
        {
            throw new UserErrorException(
                $"{Path.Combine(splitFolder, unreadable)}: this class folder's name is not UTF-8, its place among the classes is not "
                + "certain; rename it");
        }

        Array.Sort(names, StringComparer.Ordinal);
        return names;
    }

    private static IEnumerable<string> Missing(string[] classes, string[] heldOutClasses)
    {
        string[] missing = [.. classes.Except(heldOutClasses, StringComparer.Ordinal)];
        if (missing.Length > 0)
        {
            yield return $"{missing.Length} of {classes.Length} classes without validation images "
                + $"({missing[0]}{(missing.Length > 1 ? ", …" : "")})";
        }
    }

    /// <summary>The images of each class; of classes that the split has not, none.</summary>
    private FoundImage[][] List(string split, string[] classes, string[] present)
    {
        string splitFolder = Path.Combine(_folder, split);
        foreach (FileInfo file in new DirectoryInfo(splitFolder).EnumerateFiles("*", s_visible))
            _unused.Add($"beside the class folders of {split}", $"{split}/{file.Name}");
        var images = new FoundImage[classes.Length][];
        ForAll(classes.Length, label => images[label] =
            Array.BinarySearch(present, classes[label], StringComparer.Ordinal) < 0 ? [] : ListClass(split, classes[label]));
        return images;
    }

    private FoundImage[] ListClass(string split, string name)
    {
        string folder = Path.Combine(_folder, split, name);
        var images = new List<FoundImage>();
        var entries = new FileSystemEnumerable<(string Name, bool IsFolder, long? Size)>(
            folder,
            (ref entry) => (entry.FileName.ToString(), entry.IsDirectory, entry.IsDirectory ? null : SizeOf(ref entry)),
            s_visible);
        foreach ((string entry, bool isFolder, long? size) in entries)
        {
            string shown = $"{split}/{name}/{entry}", path = Path.Combine(folder, entry);
            if (isFolder)
                AddBelow(path, shown);
            else if (UnusedFiles.IsNotText(entry))
                _unused.Add("with names that are not UTF-8", shown);
            else if (!IsImage(entry))
                _unused.Add("of other kinds than .JPEG, .jpg and .png", shown);
            else
                images.Add(new FoundImage(entry, size ?? throw new UserErrorException($"{path}: a link to nothing; bring its target")));
        }

        if (images.Count == 0)
            throw new UserErrorException($"{folder}: has no .JPEG, .jpg or .png file");
        images.Sort((a, b) => string.CompareOrdinal(a.Name, b.Name));
        return [.. images];
    }

    private void AddBelow(string folder, string shown)
    {
        foreach (string file in Directory.EnumerateFiles(folder, "*", s_visibleBelow))
            _unused.Add("in subfolders of classes", $"{shown}/{Path.GetRelativePath(folder, file)}");
    }

    private static long? SizeOf(ref FileSystemEntry entry) =>
        (entry.Attributes & FileAttributes.ReparsePoint) == 0 ? entry.Length : SizeOf(entry.ToFullPath());

    /// <summary>Whether a file is taken for an image, by its name.</summary>
    public static bool IsImage(string name) => Path.GetExtension(name).ToUpperInvariant() is ".JPEG" or ".JPG" or ".PNG";

    /// <summary>Names and order of all images; of each its size; and of at most 4,096 the first and last 4 KiB.</summary>
    private string Fingerprint(
        string[] classes, out (string Name, ulong Hash)[] samples, params ReadOnlySpan<(string Split, FoundImage[][] Images)> splits)
    {
        using var names = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var files = new List<(string Name, long Size)>();
        foreach ((string split, FoundImage[][] images) in splits)
        {
            for (int label = 0; label < classes.Length; label++)
            {
                foreach (FoundImage image in images[label])
                {
                    string name = $"{split}/{classes[label]}/{image.Name}";
                    names.AppendData(Encoding.UTF8.GetBytes(name + "\n"));
                    files.Add((name, image.Size));
                }
            }
        }

        ulong[] contents = [.. files.Select(file => (ulong)file.Size)];
        var looked = new (string Name, ulong Hash)[Math.Min(SampledFiles, files.Count)];
        ForAll(looked.Length, sample =>
        {
            int file = (int)((long)sample * files.Count / looked.Length);
            contents[file] = Sample(Path.Combine(_folder, files[file].Name), files[file].Size);
            looked[sample] = (files[file].Name, contents[file]);
        });
        samples = looked;
        return DataFingerprint.OfFolder(names, contents);
    }

    /// <summary>A hash of a file's size and its first and last 4 KiB.</summary>
    public static ulong Sample(string path, long size)
    {
        using FileStream file = File.OpenRead(path);
        Span<byte> ends = stackalloc byte[sizeof(long) + 2 * SampledBytes];
        BitConverter.TryWriteBytes(ends, size);
        int length = sizeof(long) + file.ReadAtLeast(ends.Slice(sizeof(long), SampledBytes), SampledBytes, throwOnEndOfStream: false);
        file.Position = Math.Max(0, file.Length - SampledBytes);
        length += file.ReadAtLeast(ends.Slice(length, SampledBytes), SampledBytes, throwOnEndOfStream: false);
        return BitConverter.ToUInt64(SHA256.HashData(ends[..length]));
    }

    /// <summary>Does something for each number; the first failure is thrown as it is.</summary>
    public static void ForAll(int count, Action<int> body)
    {
        try
        {
            Parallel.For(0, count, new ParallelOptions { MaxDegreeOfParallelism = Parallelism }, body);
        }
        catch (AggregateException e)
        {
            ExceptionDispatchInfo.Throw(e.InnerExceptions.OrderBy(one => one.Message, StringComparer.Ordinal).First());
        }
    }
}
