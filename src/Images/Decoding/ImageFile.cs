using System.Runtime.InteropServices;
using System.Text;

namespace Daso.Images;

/// <summary>A file read whole into memory that the next one uses again. Used by one thread; allocates nothing but where it throws.</summary>
internal sealed unsafe partial class ImageFile : IDisposable
{
    private const int ReadOnlyAndCloseOnExec = 0x80000;
    private const int FromEnd = 2;

    /// <summary>Linux reads at most some 2 GiB at a time.</summary>
    private const nuint MostAtOnce = 1 << 30;

    private readonly NativeBuffer _content = new();

    /// <summary>The content.</summary>
    public byte* Pointer => _content.Pointer;

    /// <summary>Its bytes.</summary>
    public int Length { get; private set; }

    /// <summary>The content.</summary>
    public Span<byte> Bytes => new(Pointer, Length);

    /// <summary>Reads a file.</summary>
    /// <param name="path">In UTF-8, with a NUL at its end.</param>
    /// <exception cref="UserErrorException">It cannot be read.</exception>
    public void Read(ReadOnlySpan<byte> path)
    {
        _content.Shrink();
        int file;
        fixed (byte* name = path)
            file = Open(name, ReadOnlyAndCloseOnExec);
        if (file < 0)
            throw Unreadable(path, Marshal.GetLastSystemError());
        try
        {
            long length = Seek(file, 0, FromEnd);
            if (length < 0 || Seek(file, 0, 0) < 0)
                throw Unreadable(path, Marshal.GetLastSystemError());
            if (length > Array.MaxLength)
                throw new UserErrorException($"{Text(path)}: {length} bytes are too many for an image; replace it");
            _content.Reserve((nuint)length);
            Length = 0;
            while (Length < length)
            {
                nint read = ReadSome(file, Pointer + Length, nuint.Min((nuint)(length - Length), MostAtOnce));
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

    /// <summary>A path as text.</summary>
    public static string Text(ReadOnlySpan<byte> path) => Encoding.UTF8.GetString(path[..^1]);

    /// <summary>Adds the marker that ends a JPEG.</summary>
    public void AppendEndOfJpeg()
    {
        // There is room: the memory's slack.
        (Pointer[Length], Pointer[Length + 1]) = (0xFF, 0xD9);
        Length += 2;
    }

    /// <inheritdoc />
    public void Dispose() => _content.Dispose();

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
