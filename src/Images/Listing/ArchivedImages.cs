using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Daso.Images;

/// <summary>An image in an archive.</summary>
/// <param name="Archive">The archive's number.</param>
/// <param name="Offset">Where its bytes begin in the archive.</param>
/// <param name="Length">Bytes.</param>
/// <param name="Label">Its class.</param>
internal readonly record struct ArchivedImage(int Archive, long Offset, int Length, int Label);

/// <summary>
/// The images of train or val in tar archives, in the order in which they lie there: 24 bytes each. An archive is opened when the first image
/// of it is read.
/// </summary>
internal sealed class ArchivedImages : IImageList, IDisposable
{
    /// <summary>A tar's header before each file, with the name at its beginning.</summary>
    private const int HeaderBytes = 512;
    private const int NameBytes = 100;

    private readonly string _folder;
    private readonly string[] _archives;
    private readonly long[] _archiveSizes;
    private readonly ArchivedImage[] _images;
    private readonly Lazy<SafeFileHandle>[] _files;

    /// <summary>Takes the images found.</summary>
    /// <param name="folder">Has the archives.</param>
    /// <param name="archives">Their names.</param>
    /// <param name="archiveSizes">Their bytes.</param>
    /// <param name="images">All images, in order.</param>
    public ArchivedImages(string folder, string[] archives, long[] archiveSizes, ArchivedImage[] images)
    {
        _folder = folder;
        _archives = archives;
        _archiveSizes = archiveSizes;
        _images = images;
        _files = [.. archives.Select(name => new Lazy<SafeFileHandle>(() => File.OpenHandle(Path.Combine(folder, name))))];
    }

    /// <inheritdoc />
    public int Count => _images.Length;

    /// <inheritdoc />
    public int LabelOf(int image) => _images[image].Label;

    /// <inheritdoc />
    public string NameOf(int image)
    {
        ArchivedImage one = _images[image];
        string archive = Path.Combine(_folder, _archives[one.Archive]);
        Span<byte> name = stackalloc byte[NameBytes];
        try
        {
            int read = RandomAccess.Read(_files[one.Archive].Value, name, one.Offset - HeaderBytes);
            name = name[..read];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return archive;
        }

        int end = name.IndexOf((byte)0);
        return $"{archive}: {Encoding.UTF8.GetString(end < 0 ? name : name[..end])}";
    }

    /// <inheritdoc />
    public void Read(int image, ImageFile into)
    {
        ArchivedImage one = _images[image];
        try
        {
            into.Read(_files[one.Archive].Value, one.Offset, one.Length);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserErrorException($"{Path.Combine(_folder, _archives[one.Archive])}: cannot be read: {e.Message}");
        }
    }

    /// <inheritdoc />
    public void Probe()
    {
        for (int archive = 0; archive < _archives.Length; archive++)
        {
            string path = Path.Combine(_folder, _archives[archive]);
            long? size = ImageFolderScan.SizeOf(path);
            if (size != _archiveSizes[archive])
            {
                throw new UserErrorException(
                    $"{path}: {(size is null ? "not here" : $"{size} bytes here")}, but rank 0 lists it with {_archiveSizes[archive]} bytes; "
                    + "give all nodes the same data");
            }
        }
    }

    /// <inheritdoc />
    public void Write(BinaryWriter writer)
    {
        writer.Write(_archives.Length);
        for (int archive = 0; archive < _archives.Length; archive++)
        {
            writer.Write(_archives[archive]);
            writer.Write(_archiveSizes[archive]);
        }

        writer.Write(_images.Length);
        foreach (ArchivedImage image in _images)
        {
            writer.Write(image.Archive);
            writer.Write(image.Offset);
            writer.Write(image.Length);
            writer.Write(image.Label);
        }
    }

    /// <summary>Reads what <see cref="Write"/> has written.</summary>
    public static ArchivedImages Read(BinaryReader reader, string folder)
    {
        var archives = new string[reader.ReadInt32()];
        var sizes = new long[archives.Length];
        for (int archive = 0; archive < archives.Length; archive++)
            (archives[archive], sizes[archive]) = (reader.ReadString(), reader.ReadInt64());
        var images = new ArchivedImage[reader.ReadInt32()];
        for (int image = 0; image < images.Length; image++)
            images[image] = new ArchivedImage(reader.ReadInt32(), reader.ReadInt64(), reader.ReadInt32(), reader.ReadInt32());
        return new ArchivedImages(folder, archives, sizes, images);
    }

    /// <inheritdoc />
    public void Dispose()
    {
        foreach (Lazy<SafeFileHandle> file in _files.Where(file => file.IsValueCreated))
            file.Value.Dispose();
    }
}
