using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Daso.Images;

/// <summary>A file read whole into memory that the next one uses again. Used by one thread; allocates nothing but where it throws.</summary>
internal sealed unsafe partial class ImageFile : IDisposable
{
    private const int ReadOnlyAndCloseOnExec = 0x80000;
    private const int FromEnd = 2;

    private readonly NativeBuffer _content = new();
    private byte[] _path = [];

    /// <summary>The content.</summary>
    public byte* Pointer => _content.Pointer;

    /// <summary>Its bytes.</summary>
    public int Length { get; private set; }

    /// <summary>The content.</summary>
    public Span<byte> Bytes => new(Pointer, Length);

    /// <summary>Reads a file.</summary>
    /// <param name="place">Its folder in UTF-8, with the separator; empty: it is in the name.</param>
    /// <param name="name">Its name in UTF-8.</param>
    /// <exception cref="UserErrorException">It cannot be read.</exception>
    public void Read(ReadOnlySpan<byte> place, ReadOnlySpan<byte> name)
    {
        ReadOnlySpan<byte> path = Join(place, name);
        int file;
        fixed (byte* text = path)
            file = Open(text, ReadOnlyAndCloseOnExec);
        if (file < 0)
            throw Unreadable(path, Marshal.GetLastSystemError());
        try
        {
            long length = Seek(file, 0, FromEnd);
            if (length < 0 || Seek(file, 0, 0) < 0)
                throw Unreadable(path, Marshal.GetLastSystemError());
            if (length > Array.MaxLength)
                throw new UserErrorException($"{Text(path)}: {length} bytes are too many for an image; replace it");
            Begin((int)length);
            while (Length < length)
            {
                nint read = ReadSome(file, Pointer + Length, (nuint)(length - Length));
                if (read < 0)
                    throw Unreadable(path, Marshal.GetLastSystemError());
                if (read == 0)
                    break;
                Length += (int)read;
            }
        }
        finally
        {
            _ = Close(file);
        }
    }

    /// <summary>Reads a part of a file; less where the file ends before.</summary>
    public void Read(SafeFileHandle file, long offset, int length)
    {
        Begin(length);
        while (Length < length)
        {
            int read = RandomAccess.Read(file, new Span<byte>(Pointer + Length, length - Length), offset + Length);
            if (read == 0)
                break;
            Length += read;
        }
    }

    /// <summary>Adds the marker that ends a JPEG.</summary>
    public void AppendEndOfJpeg()
    {
        // There is room: the memory's slack.
        (Pointer[Length], Pointer[Length + 1]) = (0xFF, 0xD9);
        Length += 2;
    }

    /// <inheritdoc />
    public void Dispose() => _content.Dispose();

    private void Begin(int length)
    {
        _content.Shrink();
        _content.Reserve((nuint)length);
        Length = 0;
    }

    /// <summary>A path with a NUL at its end, in memory that the next one uses again.</summary>
    private ReadOnlySpan<byte> Join(ReadOnlySpan<byte> place, ReadOnlySpan<byte> name)
    {
        int length = place.Length + name.Length + 1;
        if (_path.Length < length)
            _path = new byte[2 * length];
        place.CopyTo(_path);
        name.CopyTo(_path.AsSpan(place.Length));
        _path[length - 1] = 0;
        return _path.AsSpan(0, length);
    }

    private static string Text(ReadOnlySpan<byte> path) => Encoding.UTF8.GetString(path[..^1]);

    private static UserErrorException Unreadable(ReadOnlySpan<byte> path, int error) =>
        new($"{Text(path)}: cannot be read: {Marshal.GetPInvokeErrorMessage(error)}");

    [LibraryImport("libc", EntryPoint = "open")]
    private static partial int Open(byte* path, int flags);

    [LibraryImport("libc", EntryPoint = "lseek")]
    private static partial long Seek(int file, long offset, int origin);

    [LibraryImport("libc", EntryPoint = "read")]
    private static partial nint ReadSome(int file, byte* to, nuint bytes);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int file);
}
