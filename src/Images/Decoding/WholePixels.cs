namespace Daso.Images;

/// <summary>A decoded image, upright, in the decoder's memory until its next one.</summary>
/// <param name="pointer">Pixels of four bytes: red, green, blue and one that is not used.</param>
/// <param name="width">In pixels.</param>
/// <param name="height">In pixels.</param>
/// <param name="uprightJpeg">See <see cref="UprightJpeg"/>.</param>
internal readonly unsafe struct WholePixels(byte* pointer, int width, int height, byte[]? uprightJpeg)
{
    /// <summary>The pixels.</summary>
    public byte* Pointer { get; } = pointer;

    /// <summary>Columns.</summary>
    public int Width { get; } = width;

    /// <summary>Rows.</summary>
    public int Height { get; } = height;

    /// <summary>The file, if it is a JPEG that needs no turning; else null.</summary>
    public byte[]? UprightJpeg { get; } = uprightJpeg;
}
