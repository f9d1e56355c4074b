namespace Daso.Images;

/// <summary>The images of a data set, found and checked; as bytes it travels to the other ranks of a job.</summary>
/// <param name="Train">The images to train on.</param>
/// <param name="HeldOut">The validation images.</param>
/// <param name="Fingerprint">See <see cref="Data.DataFingerprint.OfFolder"/>.</param>
/// <param name="Remarks">What was found and is not used, in one line; none: nothing.</param>
internal sealed record ImageListing(IImageList Train, IImageList HeldOut, string Fingerprint, IReadOnlyList<string> Remarks)
{
    /// <summary>Files, relative to the folder, whose sizes and ends were looked into, with a hash of them; of archives none.</summary>
    public IReadOnlyList<(string Name, ulong Hash)> Samples { get; init; } = [];

    /// <summary>All images.</summary>
    public int Count => Train.Count + HeldOut.Count;

    /// <summary>Lists a folder: ImageNet's folders train and val, or, where it has none, archives.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="mostClasses">More classes are an error.</param>
    /// <exception cref="UserErrorException">It has another layout or cannot be listed.</exception>
    public static ImageListing Find(string folder, int mostClasses) =>
        ArchiveScan.IsFor(folder) ? ArchiveScan.Run(folder, mostClasses) : ImageFolderScan.Run(folder, mostClasses);

    /// <summary>The listing as bytes, for the same build of the program.</summary>
    public byte[] ToBytes()
    {
        using var bytes = new MemoryStream();
        using (var writer = new BinaryWriter(bytes))
        {
            writer.Write(Fingerprint);
            writer.Write(Remarks.Count);
            foreach (string remark in Remarks)
                writer.Write(remark);
            writer.Write(Samples.Count);
            foreach ((string name, ulong hash) in Samples)
            {
                writer.Write(name);
                writer.Write(hash);
            }

            writer.Write(Train is ArchivedImages);
            Train.Write(writer);
            HeldOut.Write(writer);
        }

        return bytes.ToArray();
    }

    /// <summary>A listing that another process has made, of the same folder by this process's name for it.</summary>
    /// <exception cref="UserErrorException">The folder here lacks files of the listing.</exception>
    public static ImageListing FromBytes(byte[] bytes, string folder)
    {
        using var reader = new BinaryReader(new MemoryStream(bytes));
        string fingerprint = reader.ReadString();
        string[] remarks = [.. Enumerable.Range(0, reader.ReadInt32()).Select(_ => reader.ReadString())];
        (string, ulong)[] samples = [.. Enumerable.Range(0, reader.ReadInt32()).Select(_ => (reader.ReadString(), reader.ReadUInt64()))];
        bool isArchived = reader.ReadBoolean();
        IImageList train = Read(), heldOut = Read();
        train.Probe();
        heldOut.Probe();
        return new ImageListing(train, heldOut, fingerprint, remarks) { Samples = samples };

        IImageList Read() => isArchived ? ArchivedImages.Read(reader, folder) : FolderImages.Read(reader, folder);
    }
}
