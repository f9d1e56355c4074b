using IOPath = System.IO.Path;

namespace Daso.Recording;

/// <summary>A run's folder and the places of its files.</summary>
internal sealed class RunFolder
{
    private static readonly string[] s_parts = ["events", "timings", "metrics"];

    private RunFolder(string path) => Path = path;

    /// <summary>The folder.</summary>
    public string Path { get; }

    /// <summary>The run's id: the folder's name.</summary>
    public string RunId => IOPath.GetFileName(IOPath.TrimEndingDirectorySeparator(IOPath.GetFullPath(Path)));

    /// <summary>What a stranger needs to replay the run.</summary>
    public string Manifest => IOPath.Combine(Path, "manifest.json");

    /// <summary>What happened, one JSON object a line.</summary>
    public string Events => IOPath.Combine(Path, "events.jsonl");

    /// <summary>The analysis.</summary>
    public string Summary => IOPath.Combine(Path, "summary.json");

    /// <summary>What the communicators reached before the run, where it was asked for.</summary>
    public string Preflight => IOPath.Combine(Path, "preflight.json");

    /// <summary>The file that the process that writes the folder has locked.</summary>
    internal string Lock => IOPath.Combine(Path, "run.lock");

    /// <summary>Which process that is.</summary>
    internal string Holder => IOPath.Combine(Path, "holder.json");

    /// <summary>The checkpoints of the cells under way; made when the first is written.</summary>
    public string Checkpoints => IOPath.Combine(Path, "checkpoints");

    /// <summary>weights/CELL.safetensors: a training's final weights, where they were asked for.</summary>
    public string Weights(CellId cell) => IOPath.Combine(Path, "weights", cell.FileStem + ".safetensors");

    /// <summary>Makes a run's folder, complete or not at all.</summary>
    /// <param name="outputFolder">Where: made if it does not exist.</param>
    /// <param name="id">The run.</param>
    /// <exception cref="UserErrorException">The folder cannot be made; nothing is left behind.</exception>
    public static RunFolder Create(string outputFolder, RunId id)
    {
        var made = new Stack<string>();
        try
        {
            string target = IOPath.Combine(outputFolder, id.ToString());
            MakeWithParents(IOPath.GetDirectoryName(IOPath.GetFullPath(target))!, made);
            // Made beside its place and moved there, so that a run's folder is never seen without its parts.
            string temporary = target + ".partial";
            foreach (string folder in s_parts.Select(part => IOPath.Combine(temporary, part)).Prepend(temporary))
                Make(folder, made);
            Directory.Move(temporary, target);
            return new RunFolder(target);
        }
        catch (Exception failure) when (FileFailure.Is(failure) || failure is ArgumentException)
        {
            RemoveEmpty(made);
            throw new UserErrorException(
                $"--out {outputFolder}: cannot make a folder there ({FileFailure.Reason(failure)}); choose one that can be written",
                ExitCode.Environment);
        }
    }

    /// <summary>Opens the folder of a run that was made before.</summary>
    /// <exception cref="UserErrorException">It holds no run.</exception>
    public static RunFolder Open(string path)
    {
        var folder = new RunFolder(path);
        return File.Exists(folder.Manifest) ? folder : throw new UserErrorException($"{path}: no manifest.json; name the folder of a run");
    }

    /// <summary>One rank's steps, one JSON object a line.</summary>
    public string StepEvents(CellId cell, int rank) => RankFile("events", cell, rank, "jsonl");

    /// <summary>One rank's spans.</summary>
    public string Timings(CellId cell, int rank) => RankFile("timings", cell, rank, "parquet");

    /// <summary>One rank's metrics.</summary>
    public string Metrics(CellId cell, int rank) => RankFile("metrics", cell, rank, "parquet");

    /// <summary>Whether every rank's spans and metrics are there; a cell without some is incomplete, whatever the log says.</summary>
    internal bool HasRecords(CellId cell, int ranks) =>
        Enumerable.Range(0, ranks).All(rank => File.Exists(Timings(cell, rank)) && File.Exists(Metrics(cell, rank)));

    private string RankFile(string part, CellId cell, int rank, string extension) =>
        IOPath.Combine(Path, part, FormattableString.Invariant($"{cell.FileStem}-rank{rank}.{extension}"));

    private static void MakeWithParents(string folder, Stack<string> made)
    {
        if (Directory.Exists(folder))
            return;
        if (IOPath.GetDirectoryName(folder) is string parent)
            MakeWithParents(parent, made);
        Make(folder, made);
    }

    private static void Make(string folder, Stack<string> made)
    {
        Directory.CreateDirectory(folder);
        made.Push(folder);
    }

    /// <summary>Takes back what was made; a folder that another run uses meanwhile is not empty and stays.</summary>
    private static void RemoveEmpty(Stack<string> made)
    {
        foreach (string folder in made)
        {
            try
            {
                Directory.Delete(folder);
            }
            catch (IOException)
            {
                return;
            }
        }
    }
}
