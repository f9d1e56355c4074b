using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Daso.Data;

namespace Daso.Images;

/// <summary>
/// Lists images in tar archives by their headers; none is unpacked. Two kinds: WebDataset's shards, *train*.tar and *val*.tar, in which
/// KEY.jpg (.jpeg, .png) and KEY.cls, a number, stand side by side; and ImageNet's archives as they are distributed, the one of train with an
/// archive for each class, the one of val with images whose classes a text file beside it says.
/// </summary>
internal sealed class ArchiveScan
{
    private const string Expected = "*train*.tar and *val*.tar";
    private readonly string _folder;
    private readonly int _mostClasses;
    private readonly UnusedFiles _unused = new();
    private string[] _classes = [];

    private ArchiveScan(string folder, int mostClasses)
    {
        _folder = folder;
        _mostClasses = mostClasses;
    }

    /// <summary>Whether a folder has archives in place of folders of images.</summary>
    public static bool IsFor(string folder) => Directory.Exists(folder)
        && !Directory.Exists(Path.Combine(folder, "train"))
        && Directory.EnumerateFiles(folder, "*.tar").Any();

    /// <summary>Lists a folder.</summary>
    /// <param name="folder">Has the archives.</param>
    /// <param name="mostClasses">More classes are an error.</param>
    /// <exception cref="UserErrorException">The archives are of another kind, damaged, or cannot be read.</exception>
    public static ImageListing Run(string folder, int mostClasses)
    {
        var scan = new ArchiveScan(folder, mostClasses);
        using var names = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var contents = new List<ulong>();
        ArchivedImages train = scan.List("train", names, contents), heldOut = scan.List("val", names, contents);
        string remark = string.Join("; ", scan._unused.Remarks());
        return new ImageListing(
            train, heldOut, DataFingerprint.OfFolder(names, contents), remark.Length == 0 ? [] : [$"--data {folder}: {remark}"]);
    }

    private ArchivedImages List(string split, IncrementalHash names, List<ulong> contents)
    {
        string[] paths = Directory.GetFiles(_folder, $"*{split}*.tar");
        if (paths.Length == 0)
            throw new UserErrorException($"--data {_folder}: has no *{split}*.tar; expected {Expected}");
        Array.Sort(paths, StringComparer.Ordinal);
        var files = new IReadOnlyList<TarFile>[paths.Length];
        var sizes = new long[paths.Length];
        ImageFolderScan.ForAll(paths.Length, i => files[i] = TarFile.ReadAll(paths[i], out sizes[i]));
        if (_classes.Length == 0)
            _classes = ClassesOf(files);
        var images = new List<ArchivedImage>();
        for (int i = 0; i < paths.Length; i++)
        {
            int before = images.Count;
            AddImages(images, i, paths[i], files[i]);
            if (images.Count == before)
                throw new UserErrorException($"{paths[i]}: has no images; expected WebDataset's KEY.jpg and KEY.cls, or ImageNet's archives");
            names.AppendData(Encoding.UTF8.GetBytes($"{Path.GetFileName(paths[i])}\n"));
            foreach (TarFile file in files[i])
                names.AppendData(Encoding.UTF8.GetBytes($"{file.Inside}/{file.Name}\n"));
            contents.AddRange(images.Skip(before).Select(image => ((ulong)image.Length << 32) | (uint)image.Label));
        }

        return new ArchivedImages(_folder, [.. paths.Select(path => Path.GetFileName(path))], sizes, [.. images]);
    }

    /// <summary>The archives inside of those of train, in order: ImageNet's classes. None with WebDataset's shards.</summary>
    private string[] ClassesOf(IReadOnlyList<TarFile>[] files)
    {
        string[] classes = [.. files.SelectMany(inArchive => inArchive.Select(file => file.Inside)).Where(name => name.Length > 0).Distinct()];
        Array.Sort(classes, StringComparer.Ordinal);
        return classes.Length <= _mostClasses
            ? classes
            : throw new UserErrorException($"--data {_folder}: has {classes.Length} classes, the model knows {_mostClasses}");
    }

    private void AddImages(List<ArchivedImage> images, int archive, string path, IReadOnlyList<TarFile> files)
    {
        if (files.Any(file => file.Inside.Length > 0))
            AddByClass(images, archive, files);
        else if (files.Any(file => file.Name.EndsWith(TarFile.NumberEnding, StringComparison.Ordinal)))
            AddSamples(images, archive, path, files);
        else
            AddByList(images, archive, path, files);
    }

    private void AddByClass(List<ArchivedImage> images, int archive, IReadOnlyList<TarFile> files)
    {
        foreach (TarFile file in files)
        {
            if (file.Inside.Length > 0 && file.IsImage)
                images.Add(Image(archive, file, Array.BinarySearch(_classes, file.Inside, StringComparer.Ordinal)));
            else
                _unused.Add("in archives", file.Name);
        }
    }

    /// <summary>WebDataset: files of one key follow each other.</summary>
    private void AddSamples(List<ArchivedImage> images, int archive, string path, IReadOnlyList<TarFile> files)
    {
        for (int first = 0, end; first < files.Count; first = end)
        {
            TarFile? image = null, label = null;
            for (end = first; end < files.Count && files[end].Key.SequenceEqual(files[first].Key); end++)
            {
                if (files[end].IsImage)
                    image = files[end];
                else if (files[end].Name.EndsWith(TarFile.NumberEnding, StringComparison.Ordinal))
                    label = files[end];
            }

            if (image is null)
                _unused.Add("in archives", files[first].Name);
            else if (label?.Number is not int number)
                throw new UserErrorException($"{path}: {image.Name} has no {TarFile.NumberEnding} with a number beside it");
            else if (number < 0 || number >= _mostClasses)
                throw new UserErrorException($"{path}: {label.Name} is {number}, the model knows {_mostClasses} classes");
            else
                images.Add(Image(archive, image, number));
        }
    }

    /// <summary>Images whose classes a list beside the archive says, in the order of their names.</summary>
    private void AddByList(List<ArchivedImage> images, int archive, string path, IReadOnlyList<TarFile> files)
    {
        TarFile[] sorted = [.. files.Where(file => file.IsImage).OrderBy(file => file.Name, StringComparer.Ordinal)];
        if (sorted.Length == 0)
            return;
        string list = Directory.GetFiles(_folder, "*synset_labels.txt").Append(Path.Combine(_folder, "val.txt")).FirstOrDefault(File.Exists)
            ?? throw new UserErrorException(
                $"{path}: its images' classes are not known; put a file val.txt beside it, a line for each image, in the order of their names: "
                + "a class's name or number, the image's name before it or not");
        string[] lines = [.. File.ReadLines(list).Where(line => !string.IsNullOrWhiteSpace(line))];
        if (lines.Length != sorted.Length)
            throw new UserErrorException($"{list}: {lines.Length} lines for the {sorted.Length} images of {path}");
        for (int i = 0; i < lines.Length; i++)
        {
            string[] words = lines[i].Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
            if (words.Length == 2 && words[0] != Path.GetFileName(sorted[i].Name))
                throw new UserErrorException($"{list}: line {i + 1} is about {words[0]}, but image {i + 1} is {sorted[i].Name}; sort its lines by name");
            images.Add(Image(archive, sorted[i], LabelIn(list, i, words[^1])));
        }
    }

    private int LabelIn(string list, int line, string text)
    {
        int label = Array.BinarySearch(_classes, text, StringComparer.Ordinal);
        if (label < 0 && !int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out label))
            label = -1;
        return label >= 0 && label < Math.Min(_mostClasses, _classes.Length == 0 ? int.MaxValue : _classes.Length)
            ? label
            : throw new UserErrorException($"{list}: line {line + 1}: {text} is no class of train's archive");
    }

    private static ArchivedImage Image(int archive, TarFile file, int label) =>
        new(archive, file.Offset, checked((int)file.Length), label);
}
