using System.Runtime.InteropServices;

namespace Daso.Images;

/// <summary>The functions of libturbojpeg 2 that are used, as its header turbojpeg.h declares them. Debian's package is libturbojpeg0.</summary>
internal static unsafe partial class TurboJpeg
{
    /// <summary>TJPF_RGBX: four bytes a pixel, the last unused.</summary>
    public const int Rgbx = 2;

    /// <summary>TJPF_CMYK: four bytes a pixel, as they are in the file.</summary>
    public const int Cmyk = 11;

    /// <summary>TJCS_CMYK; TJCS_YCCK follows it.</summary>
    public const int CmykColours = 3;

    /// <summary>TJERR_WARNING.</summary>
    public const int Warning = 0;

    private const string Library = "libturbojpeg.so.0";

    /// <summary>Whether the library can be loaded here.</summary>
    public static bool IsThere { get; } = NativeLibrary.TryLoad(Library, out _);

    [LibraryImport(Library, EntryPoint = "tjInitDecompress")]
    public static partial nint InitDecompress();

    [LibraryImport(Library, EntryPoint = "tjDestroy")]
    public static partial int Destroy(nint handle);

    [LibraryImport(Library, EntryPoint = "tjDecompressHeader3")]
    public static partial int DecompressHeader(
        nint handle, byte* jpeg, CULong size, out int width, out int height, out int subsampling, out int colours);

    [LibraryImport(Library, EntryPoint = "tjDecompress2")]
    public static partial int Decompress(
        nint handle, byte* jpeg, CULong size, byte* pixels, int width, int pitch, int height, int pixelFormat, int flags);

    [LibraryImport(Library, EntryPoint = "tjGetErrorCode")]
    public static partial int GetErrorCode(nint handle);

    [LibraryImport(Library, EntryPoint = "tjGetErrorStr2")]
    public static partial nint GetErrorText(nint handle);
}
