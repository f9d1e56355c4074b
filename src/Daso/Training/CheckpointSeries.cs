using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Daso.Cluster;
using Daso.Communication;
using Daso.Recording;

namespace Daso.Training;

/// <summary>
/// The checkpoints of one training. At a checkpoint every rank writes its file; when all have, rank 0 notes the step; when it has, every rank
/// removes its older files, but for those that are to be kept. So a kill at any moment leaves the noted step's files whole.
/// </summary>
/// <param name="folder">Where the note is, and the files if nothing else is said: made when the first is written.</param>
/// <param name="specification">SHA-256 of the run's specification; hexadecimal.</param>
/// <param name="cell">Whose they are.</param>
/// <param name="topology">The cluster.</param>
internal sealed class CheckpointSeries(string folder, string specification, CellId cell, Topology topology)
{
    /// <summary>Where the ranks' files are: a folder that each rank's machine may have for itself.</summary>
    public string FilesFolder { get => field ?? folder; init; }

    /// <summary>Steps whose files are left beside each other.</summary>
    public int Keep { get; init; } = 1;

    private string Note => Path.Combine(folder, cell.FileStem + ".json");

    /// <summary>The last step that all ranks have written; null: none.</summary>
    /// <exception cref="UserErrorException">The note of it is damaged.</exception>
    public int? LatestStep()
    {
        if (!File.Exists(Note))
            return null;
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(Note), NoteJson.Default.CheckpointNote)!.Step;
        }
        catch (JsonException)
        {
            throw new UserErrorException($"checkpoint {Note}: damaged; restore it, or remove it to train this cell from its first step");
        }
    }

    /// <summary>Checks that a rank's file of a step is there, whole and of this training.</summary>
    /// <exception cref="UserErrorException">It is not.</exception>
    public void Verify(int step, int rank) => Read(rank, step, _ => { });

    /// <summary>Writes a checkpoint; every rank calls it after the same step.</summary>
    /// <param name="ranks">This rank.</param>
    /// <param name="step">Steps done.</param>
    /// <param name="save">Writes this rank's state.</param>
    /// <exception cref="UserErrorException">A file cannot be written.</exception>
    internal void Write(RankContext ranks, int step, Action<BinaryWriter> save)
    {
        Make(FilesFolder);
        CheckpointFile.Write(FileOf(ranks.Rank, step), Identity(ranks.Rank, step), save);
        ranks.World.Barrier();
        if (ranks.Rank == 0)
            WriteNote(step);
        ranks.World.Barrier();
        int oldest = FilesOf(ranks.Rank).Select(StepOf).Where(written => written <= step).Distinct().OrderDescending().Take(Keep).Last();
        Remove(ranks.Rank, file => StepOf(file) < oldest);
    }

    /// <summary>Reads one rank's state.</summary>
    /// <exception cref="UserErrorException">The file is missing, damaged or of another training.</exception>
    internal void Read(int rank, int step, Action<BinaryReader> load) =>
        CheckpointFile.Read(FileOf(rank, step), Identity(rank, step), load);

    /// <summary>Removes what a rank has written: the training is complete.</summary>
    internal void Clear(int rank)
    {
        if (rank == 0 && Directory.Exists(folder))
            File.Delete(Note);
        if (Directory.Exists(FilesFolder))
            Remove(rank, _ => true);
    }

    private static void Make(string folder)
    {
        try
        {
            Directory.CreateDirectory(folder);
        }
        catch (Exception failure) when (FileFailure.Is(failure))
        {
            throw FileFailure.Writing(folder, failure);
        }
    }

    private void WriteNote(int step)
    {
        Make(folder);
        AtomicFile.Write(Note, path =>
        {
            using var file = new FileStream(path, FileMode.Create, FileAccess.Write);
            JsonSerializer.Serialize(file, new CheckpointNote(step), NoteJson.Default.CheckpointNote);
            file.Flush(flushToDisk: true);
        });
    }

    private string FileOf(int rank, int step) =>
        Path.Combine(FilesFolder, FormattableString.Invariant($"{cell.FileStem}-step{step}-rank{rank}.ckpt"));

    private CheckpointIdentity Identity(int rank, int step) =>
        new(specification, cell, topology.Nodes, topology.RanksPerNode, rank, step);

    private void Remove(int rank, Predicate<string> isUnwanted)
    {
        foreach (string file in FilesOf(rank).Where(file => isUnwanted(file)).ToArray())
            File.Delete(file);
    }

    private IEnumerable<string> FilesOf(int rank) =>
        Directory.EnumerateFiles(FilesFolder, FormattableString.Invariant($"{cell.FileStem}-step*-rank{rank}.*"));

    private int StepOf(string path)
    {
        string rest = Path.GetFileName(path)[(cell.FileStem.Length + "-step".Length)..];
        return int.Parse(rest.AsSpan(0, rest.IndexOf('-', StringComparison.Ordinal)), NumberStyles.None, CultureInfo.InvariantCulture);
    }
}

/// <summary>Which checkpoint is complete.</summary>
/// <param name="Step">Steps done.</param>
internal sealed record CheckpointNote(int Step);

/// <summary>Serialises notes without reflection.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(CheckpointNote))]
internal sealed partial class NoteJson : JsonSerializerContext;
