namespace Daso.Images;

/// <summary>The images of train or val by their numbers, wherever they lie. Thread-safe.</summary>
internal interface IImageList
{
    /// <summary>Images.</summary>
    int Count { get; }

    /// <summary>The place of an image's class among the sorted classes.</summary>
    int LabelOf(int image);

    /// <summary>What a message calls an image.</summary>
    string NameOf(int image);

    /// <summary>Reads an image's bytes.</summary>
    /// <exception cref="UserErrorException">It cannot be read.</exception>
    void Read(int image, ImageFile into);

    /// <summary>Looks for some of the images, since another process has listed them, maybe on another machine.</summary>
    /// <exception cref="UserErrorException">One is not here, or is another.</exception>
    void Probe();

    /// <summary>Appends the list, but for the folder.</summary>
    void Write(BinaryWriter writer);
}
