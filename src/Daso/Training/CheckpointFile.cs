using System.Buffers;
using System.Security.Cryptography;
using System.Text;
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
    internal void Write(BinaryWriter writer)
    {
        writer.Write(Specification);
        writer.Write(Cell.Experiment);
        writer.Write(Cell.Strategy);
        writer.Write(Cell.Seed);
        writer.Write(Nodes);
        writer.Write(RanksPerNode);
        writer.Write(Rank);
        writer.Write(Step);
    }

    internal static CheckpointIdentity Read(BinaryReader reader) => new(
        reader.ReadString(),
        new CellId(reader.ReadString(), reader.ReadString(), reader.ReadInt32()),
        reader.ReadInt32(),
        reader.ReadInt32(),
        reader.ReadInt32(),
        reader.ReadInt32());

    /// <summary>What another identity differs in, for the user; null: nothing.</summary>
    internal string? DifferenceTo(CheckpointIdentity other) =>
        Specification != other.Specification ? $"of another specification ({other.Specification[..12]}, here {Specification[..12]})"
        : Cell != other.Cell ? $"of {other.Cell.Experiment}, {other.Cell.Strategy}, seed {other.Cell.Seed}"
        : (Nodes, RanksPerNode) != (other.Nodes, other.RanksPerNode) ? $"of a cluster of {other.Nodes} × {other.RanksPerNode} ranks"
        : Rank != other.Rank ? $"of rank {other.Rank}"
        : Step != other.Step ? $"of step {other.Step}"
        : null;
}

/// <summary>
/// The file of one rank: the magic bytes, the format's version, the identity, the state, and at the end the SHA-256 of all before it.
/// Numbers are little-endian.
/// </summary>
internal static class CheckpointFile
{
    private const int Version = 1;

    private static ReadOnlySpan<byte> Magic => "DASOCKPT"u8;

    /// <summary>Writes a file, complete or not at all.</summary>
    /// <param name="path">The file; replaced if it exists.</param>
    /// <param name="identity">Whose state it is.</param>
    /// <param name="save">Writes the state.</param>
    /// <exception cref="UserErrorException">It cannot be written.</exception>
    internal static void Write(string path, CheckpointIdentity identity, Action<BinaryWriter> save) => AtomicFile.Write(path, temporary =>
    {
        using var file = new FileStream(temporary, FileMode.Create, FileAccess.ReadWrite);
        using (var writer = new BinaryWriter(file, Encoding.UTF8, leaveOpen: true))
        {
            writer.Write(Magic);
            writer.Write(Version);
            identity.Write(writer);
            save(writer);
        }

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
            using var reader = new BinaryReader(file, Encoding.UTF8);
            file.Position = Magic.Length;
            if (reader.ReadInt32() is int version && version != Version)
                throw Unusable(path, $"of format {version}, this program reads {Version}");
            if (expected.DifferenceTo(CheckpointIdentity.Read(reader)) is string difference)
                throw Unusable(path, difference);
            load(reader);
        }
        catch (Exception failure) when (FileFailure.Is(failure))
        {
            throw Unusable(path, $"not readable ({FileFailure.Reason(failure)})");
        }
    }

    private static void RequireWhole(string path, FileStream file)
    {
        Span<byte> start = stackalloc byte[Magic.Length];
        if (file.ReadAtLeast(start, start.Length, throwOnEndOfStream: false) < start.Length || !start.SequenceEqual(Magic))
            throw Unusable(path, "not a checkpoint");
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
        if (content < Magic.Length || file.ReadAtLeast(digest, digest.Length, throwOnEndOfStream: false) < digest.Length
            || !digest.SequenceEqual(hash.GetHashAndReset()))
            throw Unusable(path, "damaged");
    }

    private static UserErrorException Unusable(string path, string why) =>
        new($"checkpoint {path}: {why}; restore it, or remove the run's checkpoints folder to train this cell from its first step");
}
