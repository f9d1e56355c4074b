using System.Text;

namespace Daso.Images;

/// <summary>
/// The images of train or val, by class, then by name. Names are kept as UTF-8 one after the other: a million of them take some 30 MB.
/// </summary>
internal sealed class FolderImages : IImageList
{
    private const int Probes = 64;
    private readonly string _folder;
    private readonly string _split;
    private readonly string[] _classes;
    private readonly int[] _firstOf;
    private readonly byte[] _names;
    private readonly int[] _ends;
    private readonly long[] _probedSizes;
    private readonly byte[][] _places;

    private FolderImages(string folder, string split, string[] classes, int[] firstOf, byte[] names, int[] ends, long[] probedSizes)
    {
        _folder = folder;
        _split = split;
        _classes = classes;
        _firstOf = firstOf;
        _names = names;
        _ends = ends;
        _probedSizes = probedSizes;
        _places = [.. classes.Select(name => Encoding.UTF8.GetBytes(Path.Combine(folder, split, name) + Path.DirectorySeparatorChar))];
    }

    /// <inheritdoc />
    public int Count => _ends.Length;

    /// <summary>Takes the images found.</summary>
    /// <param name="folder">Has the split's folder.</param>
    /// <param name="split">train or val.</param>
    /// <param name="classes">All classes, in order.</param>
    /// <param name="images">Of each class the images, in order.</param>
    public static FolderImages Of(string folder, string split, string[] classes, IReadOnlyList<IReadOnlyList<FoundImage>> images)
    {
        int count = images.Sum(inClass => inClass.Count);
        var firstOf = new int[classes.Length + 1];
        var ends = new int[count];
        using var names = new MemoryStream();
        int next = 0;
        for (int label = 0; label < classes.Length; label++)
        {
            firstOf[label] = next;
            foreach (FoundImage image in images[label])
            {
                names.Write(Encoding.UTF8.GetBytes(image.Name));
                ends[next++] = checked((int)names.Length);
            }
        }

        firstOf[^1] = count;
        FoundImage[] all = [.. images.SelectMany(inClass => inClass)];
        long[] probedSizes = [.. Enumerable.Range(0, Math.Min(Probes, count)).Select(probe => all[ProbeAt(probe, count)].Size)];
        return new FolderImages(folder, split, classes, firstOf, names.ToArray(), ends, probedSizes);
    }

    /// <inheritdoc />
    public int LabelOf(int image)
    {
        // Classes without images share their first image with the next class: the last of them is meant.
        int low = 0, high = _classes.Length - 1;
        while (low < high)
        {
            int middle = (low + high + 1) / 2;
            if (_firstOf[middle] <= image)
                low = middle;
            else
                high = middle - 1;
        }

        return low;
    }

    /// <summary>Where an image is.</summary>
    public string PathOf(int image) => Path.Combine(_folder, _split, _classes[LabelOf(image)], Encoding.UTF8.GetString(FileNameOf(image)));

    /// <inheritdoc />
    public string NameOf(int image) => PathOf(image);

    /// <inheritdoc />
    public void Read(int image, ImageFile into) => into.Read(_places[LabelOf(image)], FileNameOf(image));

    /// <inheritdoc />
    public void Probe()
    {
        for (int probe = 0; probe < _probedSizes.Length; probe++)
        {
            string path = PathOf(ProbeAt(probe, Count));
            long? size = ImageFolderScan.SizeOf(path);
            if (size != _probedSizes[probe])
            {
                throw new UserErrorException(
                    $"{path}: {(size is null ? "not here" : $"{size} bytes here")}, but rank 0 lists it with {_probedSizes[probe]} bytes; "
                    + "give all nodes the same data");
            }
        }
    }

    /// <inheritdoc />
    public void Write(BinaryWriter writer)
    {
        writer.Write(_split);
        writer.Write(_classes.Length);
        foreach (string name in _classes)
            writer.Write(name);
        foreach (int first in _firstOf)
            writer.Write(first);
        writer.Write(_ends.Length);
        foreach (int end in _ends)
            writer.Write(end);
        writer.Write(_names.Length);
        writer.Write(_names);
        writer.Write(_probedSizes.Length);
        foreach (long size in _probedSizes)
            writer.Write(size);
    }

    /// <summary>Reads what <see cref="Write"/> has written.</summary>
    public static FolderImages Read(BinaryReader reader, string folder)
    {
        string split = reader.ReadString();
        string[] classes = Many(reader.ReadInt32(), reader.ReadString);
        int[] firstOf = Many(classes.Length + 1, reader.ReadInt32);
        int[] ends = Many(reader.ReadInt32(), reader.ReadInt32);
        byte[] names = reader.ReadBytes(reader.ReadInt32());
        long[] probedSizes = Many(reader.ReadInt32(), reader.ReadInt64);
        return new FolderImages(folder, split, classes, firstOf, names, ends, probedSizes);
    }

    private ReadOnlySpan<byte> FileNameOf(int image)
    {
        int start = image == 0 ? 0 : _ends[image - 1];
        return _names.AsSpan(start, _ends[image] - start);
    }

    private static T[] Many<T>(int count, Func<T> read)
    {
        var values = new T[count];
        for (int i = 0; i < count; i++)
            values[i] = read();
        return values;
    }

    /// <summary>Probes are spread over all images.</summary>
    private static int ProbeAt(int probe, int count) => (int)((long)probe * count / Math.Min(Probes, count));
}

/// <summary>An image file.</summary>
/// <param name="Name">Without its folder.</param>
/// <param name="Size">Bytes; of a link those of its target.</param>
internal readonly record struct FoundImage(string Name, long Size);
