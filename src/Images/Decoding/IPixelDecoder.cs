namespace Daso.Images;

/// <summary>Rows of pixels of four bytes, red, green, blue and one that is not used.</summary>
/// <param name="Width">In decoded pixels.</param>
/// <param name="Height">Decoded rows; maybe fewer than the image has.</param>
/// <param name="Reduction">1, 2, 4 or 8: a decoded pixel covers so many of the image's in each direction.</param>
internal readonly record struct DecodedPixels(int Width, int Height, int Reduction)
{
    /// <summary>Bytes of a row.</summary>
    public int RowBytes => 4 * Width;
}

/// <summary>Decodes image files of some formats that are in memory. Used by one thread.</summary>
internal unsafe interface IPixelDecoder : IDisposable
{
    /// <summary>Reads an image's size.</summary>
    /// <param name="file">The whole file; kept until it is decoded.</param>
    /// <param name="width">In pixels.</param>
    /// <param name="height">In pixels.</param>
    /// <returns>What is wrong with the file; null: nothing.</returns>
    string? Open(ImageFile file, out int width, out int height);

    /// <summary>Decodes the file that was opened.</summary>
    /// <param name="reduction">1, 2, 4 or 8 at most; formats that cannot be reduced while they are decoded are not.</param>
    /// <param name="rows">Rows from the top that are needed, in the image's pixels.</param>
    /// <param name="to">Takes the pixels.</param>
    /// <param name="pixels">What was decoded.</param>
    /// <returns>What is wrong with the file; null: nothing.</returns>
    string? Decode(int reduction, int rows, NativeBuffer to, out DecodedPixels pixels);
}
