using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Daso.Data;

/// <summary>The images of a folder in ImageNet's layout, found and checked by name; none is opened.</summary>
/// <param name="Train">The images to train on.</param>
/// <param name="HeldOut">The validation images.</param>
/// <param name="Fingerprint">The SHA-256 of every image's relative path and size, in order.</param>
internal sealed record ImageListing(ImageSplit Train, ImageSplit HeldOut, string Fingerprint)
{
    private const string Layout = "train/CLASS/*.JPEG and val/CLASS/*.JPEG";
    private static readonly EnumerationOptions s_visible = new() { IgnoreInaccessible = false };

    /// <summary>Lists a folder.</summary>
    /// <param name="folder">Has train and val.</param>
    /// <param name="mostClasses">More classes are an error.</param>
    /// <exception cref="UserErrorException">The folder has another layout or cannot be listed.</exception>
    public static ImageListing Scan(string folder, int mostClasses)
    {
        string trainFolder = Require(folder, "train");
        string heldOutFolder = Require(folder, "val");
        try
        {
            string[] classes = ClassesIn(trainFolder);
            if (classes.Length == 0)
                throw new UserErrorException($"{trainFolder}: has no class folder; expected {Layout}");
            if (classes.Length > mostClasses)
                throw new UserErrorException($"{trainFolder}: has {classes.Length} class folders, the model knows {mostClasses} classes");
            string? unknown = ClassesIn(heldOutFolder).Except(classes, StringComparer.Ordinal).FirstOrDefault();
            if (unknown is not null)
                throw new UserErrorException($"{Path.Combine(heldOutFolder, unknown)}: no such class in {trainFolder}");
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            ImageSplit train = List(trainFolder, classes, hash);
            ImageSplit heldOut = List(heldOutFolder, classes, hash);
            if (heldOut.Count == 0)
                throw new UserErrorException($"{heldOutFolder}: has no class folder; sort its images into {Layout}");
            return new ImageListing(train, heldOut, DataFile.Fingerprint(hash));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserErrorException($"--data {folder}: cannot be listed: {e.Message}");
        }
    }

    private static string Require(string folder, string split)
    {
        if (!Directory.Exists(folder))
            throw new UserErrorException($"--data {folder}: no such folder; expected one with {Layout}");
        string path = Path.Combine(folder, split);
        return Directory.Exists(path) ? path : throw new UserErrorException($"--data {folder}: has no folder {split}; expected {Layout}");
    }

    private static string[] ClassesIn(string splitFolder)
    {
        string[] names = [.. new DirectoryInfo(splitFolder).EnumerateDirectories("*", s_visible).Select(directory => directory.Name)];
        Array.Sort(names, StringComparer.Ordinal);
        return names;
    }

    private static ImageSplit List(string splitFolder, string[] classes, IncrementalHash hash)
    {
        string split = Path.GetFileName(splitFolder);
        var names = new List<string>();
        var labels = new List<int>();
        for (int label = 0; label < classes.Length; label++)
        {
            var directory = new DirectoryInfo(Path.Combine(splitFolder, classes[label]));
            if (!directory.Exists)
                continue;
            FileInfo[] images = [.. directory.EnumerateFiles("*", s_visible).Where(file => IsImage(file.Name))];
            if (images.Length == 0)
                throw new UserErrorException($"{directory.FullName}: has no .JPEG, .jpg or .png file");
            Array.Sort(images, (a, b) => string.CompareOrdinal(a.Name, b.Name));
            foreach (FileInfo image in images)
            {
                names.Add(image.Name);
                labels.Add(label);
                string line = string.Create(CultureInfo.InvariantCulture, $"{split}/{classes[label]}/{image.Name}\t{image.Length}\n");
                hash.AppendData(Encoding.UTF8.GetBytes(line));
            }
        }

        return new ImageSplit(splitFolder, classes, [.. names], [.. labels]);
    }

    private static bool IsImage(string name) => Path.GetExtension(name).ToUpperInvariant() is ".JPEG" or ".JPG" or ".PNG";
}

/// <summary>The images of train or val, by class, then by name.</summary>
internal sealed class ImageSplit(string folder, string[] classes, string[] names, int[] labels)
{
    /// <summary>Images.</summary>
    public int Count => names.Length;

    /// <summary>The place of an image's class among the sorted classes.</summary>
    public int LabelOf(int image) => labels[image];

    /// <summary>Where an image is.</summary>
    public string PathOf(int image) => Path.Combine(folder, classes[labels[image]], names[image]);
}
