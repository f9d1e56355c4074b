using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Daso.Models;
using Daso.Recording;

namespace Daso.Training;

/// <summary>Whose state a checkpoint holds; no other training can go on from it.</summary>
/// <param name="Specification">SHA-256 of the run's specification; hexadecimal.</param>
/// <param name="Cell">The cell.</param>
/// <param name="Nodes">Nodes of the cluster.</param>
/// <param name="RanksPerNode">Ranks on each.</param>
/// <param name="Rank">The rank.</param>
/// <param name="Step">Steps done.</param>
internal sealed record CheckpointIdentity(string Specification, CellId Cell, int Nodes, int RanksPerNode, int Rank, int Step)
{
    internal Dictionary<string, string> ToMetadata() => new(StringComparer.Ordinal)
    {
        ["specification"] = Specification,
        ["experiment"] = Cell.Experiment,
        ["strategy"] = Cell.Strategy,
        ["seed"] = Text(Cell.Seed),
        ["nodes"] = Text(Nodes),
        ["ranks_per_node"] = Text(RanksPerNode),
        ["rank"] = Text(Rank),
        ["step"] = Text(Step),
    };

    internal static CheckpointIdentity Of(IReadOnlyDictionary<string, string> metadata)
    {
        return new(
            metadata["specification"],
            new CellId(metadata["experiment"], metadata["strategy"], Number("seed")),
            Number("nodes"),
            Number("ranks_per_node"),
            Number("rank"),
            Number("step"));

        int Number(string key) => int.Parse(metadata[key], NumberStyles.None, CultureInfo.InvariantCulture);
    }

    /// <summary>What another identity differs in, for the user; null: nothing.</summary>
    internal string? DifferenceTo(CheckpointIdentity other) =>
        Specification != other.Specification ? $"of another specification ({other.Specification[..12]}, here {Specification[..12]})"
        : Cell != other.Cell ? $"of {other.Cell.Experiment}, {other.Cell.Strategy}, seed {other.Cell.Seed}"
        : (Nodes, RanksPerNode) != (other.Nodes, other.RanksPerNode) ? $"of a cluster of {other.Nodes} × {other.RanksPerNode} ranks"
        : Rank != other.Rank ? $"of rank {other.Rank}"
        : Step != other.Step ? $"of step {other.Step}"
        : null;

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}

/// <summary>
/// The file of one rank, a safetensors file: the format's version and the identity as its metadata, the state in the order in which it is
/// saved, and as its last tensor the SHA-256 of all before it.
/// </summary>
internal static class CheckpointFile
{
    private const string VersionName = "daso_checkpoint";
    private const string Version = "2";

    /// <summary>Writes a file, complete or not at all.</summary>
    /// <param name="path">The file; replaced if it exists.</param>
    /// <param name="identity">Whose state it is.</param>
    /// <param name="save">Writes the state; called twice, since the file begins with what its bytes are.</param>
    /// <exception cref="UserErrorException">It cannot be written.</exception>
    internal static void Write(string path, CheckpointIdentity identity, Action<BinaryWriter> save) => AtomicFile.Write(path, temporary =>
    {
        SafetensorsHeader header = Describe(identity, save);
        using var file = new FileStream(temporary, FileMode.Create, FileAccess.ReadWrite);
        header.Write(file);
        using (var writer = new BinaryWriter(file, Encoding.UTF8, leaveOpen: true))
            save(writer);
        file.Position = 0;
        file.Write(SHA256.HashData(file));
        file.Flush(flushToDisk: true); // before the move: after a power cut the new name must not lead to missing content
    });

    /// <summary>Opens a file, checks that it is whole and belongs here, and reads the state.</summary>
    /// <param name="path">The file.</param>
    /// <param name="expected">Whose state it must be.</param>
    /// <param name="load">Reads the state.</param>
    /// <exception cref="UserErrorException">Missing, damaged, or foreign.</exception>
    internal static void Read(string path, CheckpointIdentity expected, Action<BinaryReader> load)
    {
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read);
            RequireWhole(path, file);
            file.Position = 0;
            IReadOnlyDictionary<string, string> metadata = SafetensorsHeader.Read(file).Metadata;
            if (!metadata.TryGetValue(VersionName, out string? version))
                throw Unusable(path, "not a checkpoint");
            if (version != Version)
                throw Unusable(path, $"of format {version}, this program reads {Version}");
            if (expected.DifferenceTo(CheckpointIdentity.Of(metadata)) is string difference)
                throw Unusable(path, difference);
            using var reader = new BinaryReader(file, Encoding.UTF8);
            load(reader);
        }
        catch (Exception failure) when (FileFailure.Is(failure))
        {
            throw Unusable(path, $"not readable ({FileFailure.Reason(failure)})");
        }
    }

    private static SafetensorsHeader Describe(CheckpointIdentity identity, Action<BinaryWriter> save)
    {
        using var measure = new SafetensorsMeasure();
        using (var writer = new BinaryWriter(measure, Encoding.UTF8, leaveOpen: true))
            save(writer);
        Dictionary<string, string> metadata = identity.ToMetadata();
        metadata[VersionName] = Version;
        var digest = KeyValuePair.Create("sha256", new SafetensorsEntry("U8", [SHA256.HashSizeInBytes], SHA256.HashSizeInBytes));
        return SafetensorsHeader.Of([.. measure.Entries, digest], metadata);
    }

    private static void RequireWhole(string path, FileStream file)
    {
        Span<byte> start = stackalloc byte[sizeof(long) + 1];
        if (file.ReadAtLeast(start, start.Length, throwOnEndOfStream: false) < start.Length || start[^1] != '{')
            throw Unusable(path, start.StartsWith("DASOCKPT"u8) ? $"of format 1, this program reads {Version}" : "not a checkpoint");
        long content = file.Length - SHA256.HashSizeInBytes;
        file.Position = 0;
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] buffer = ArrayPool<byte>.Shared.Rent(1 << 20);
        for (long left = content; left > 0;)
        {
            int read = file.ReadAtLeast(buffer.AsSpan(0, (int)Math.Min(left, buffer.Length)), 1);
            hash.AppendData(buffer, 0, read);
            left -= read;
        }

        ArrayPool<byte>.Shared.Return(buffer);
        if (content < 0 || file.ReadAtLeast(digest, digest.Length, throwOnEndOfStream: false) < digest.Length
            || !digest.SequenceEqual(hash.GetHashAndReset()))
            throw Unusable(path, "damaged");
    }

    private static UserErrorException Unusable(string path, string why) =>
        new($"checkpoint {path}: {why}; restore it, or remove the run's checkpoints folder to train this cell from its first step");
}
