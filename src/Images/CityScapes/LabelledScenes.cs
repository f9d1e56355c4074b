using System.Security.Cryptography;
using System.Text;
using Daso.Data;

namespace Daso.Images;

/// <summary>CityScapes' images with their labels, found and checked; as bytes they travel to the other ranks of a job.</summary>
/// <param name="Folder">Has leftImg8bit and gtFine.</param>
/// <param name="Train">The scenes to train on: city/city_sequence_frame.</param>
/// <param name="HeldOut">Those of val.</param>
/// <param name="Fingerprint">See <see cref="DataFingerprint.OfFolder"/>.</param>
internal sealed record LabelledScenes(string Folder, IReadOnlyList<string> Train, IReadOnlyList<string> HeldOut, string Fingerprint)
{
    private const string ImageEnd = "_leftImg8bit.png";
    private const string LabelEnd = "_gtFine_labelIds.png";
    private const string Layout = "leftImg8bit/{train,val}/CITY/*" + ImageEnd + " and gtFine/{train,val}/CITY/*" + LabelEnd;

    /// <summary>Lists a folder.</summary>
    /// <exception cref="UserErrorException">It has another layout, or an image has no labels.</exception>
    public static LabelledScenes Find(string folder)
    {
        if (!Directory.Exists(folder))
            throw new UserErrorException($"--data {folder}: no such folder; expected one with {Layout}");
        using var names = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var contents = new List<ulong>();
        string[] train = List(folder, "train"), heldOut = List(folder, "val");
        foreach ((string split, string scene) in train.Select(scene => ("train", scene)).Concat(heldOut.Select(scene => ("val", scene))))
        {
            names.AppendData(Encoding.UTF8.GetBytes($"{split}/{scene}\n"));
            foreach (string path in (string[])[ImageOf(folder, split, scene), LabelsOf(folder, split, scene)])
            {
                long size = ImageFolderScan.SizeOf(path) ?? throw new UserErrorException($"{path}: not there, but the scene's other file is; fetch it");
                contents.Add(ImageFolderScan.Sample(path, size));
            }
        }

        return new LabelledScenes(folder, train, heldOut, DataFingerprint.OfFolder(names, contents));
    }

    /// <summary>A scene's photograph.</summary>
    public string ImageOf(bool isTraining, int scene) => ImageOf(Folder, isTraining ? "train" : "val", (isTraining ? Train : HeldOut)[scene]);

    /// <summary>A scene's labels.</summary>
    public string LabelsOf(bool isTraining, int scene) => LabelsOf(Folder, isTraining ? "train" : "val", (isTraining ? Train : HeldOut)[scene]);

    /// <summary>For the same build of the program.</summary>
    public byte[] ToBytes()
    {
        using var bytes = new MemoryStream();
        using (var writer = new BinaryWriter(bytes))
        {
            writer.Write(Fingerprint);
            foreach (IReadOnlyList<string> scenes in (IReadOnlyList<string>[])[Train, HeldOut])
            {
                writer.Write(scenes.Count);
                foreach (string scene in scenes)
                    writer.Write(scene);
            }
        }

        return bytes.ToArray();
    }

    /// <summary>What another process has listed, of the same folder by this process's name for it.</summary>
    public static LabelledScenes FromBytes(byte[] bytes, string folder)
    {
        using var reader = new BinaryReader(new MemoryStream(bytes));
        string fingerprint = reader.ReadString();
        return new LabelledScenes(folder, Read(), Read(), fingerprint);

        string[] Read()
        {
            var scenes = new string[reader.ReadInt32()];
            for (int i = 0; i < scenes.Length; i++)
                scenes[i] = reader.ReadString();
            return scenes;
        }
    }

    private static string ImageOf(string folder, string split, string scene) => Path.Combine(folder, "leftImg8bit", split, scene + ImageEnd);

    private static string LabelsOf(string folder, string split, string scene) => Path.Combine(folder, "gtFine", split, scene + LabelEnd);

    private static string[] List(string folder, string split)
    {
        string images = Path.Combine(folder, "leftImg8bit", split);
        if (!Directory.Exists(images))
            throw new UserErrorException($"--data {folder}: has no folder leftImg8bit/{split}; expected {Layout}");
        string[] scenes =
        [
            .. Directory.EnumerateFiles(images, "*" + ImageEnd, SearchOption.AllDirectories)
                .Select(path => Path.GetRelativePath(images, path)[..^ImageEnd.Length]).Order(StringComparer.Ordinal),
        ];
        return scenes.Length > 0 ? scenes : throw new UserErrorException($"{images}: has no *{ImageEnd}; expected {Layout}");
    }
}
