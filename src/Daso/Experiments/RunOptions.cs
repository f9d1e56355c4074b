using Daso.Cluster;
using Daso.Recording;
using Daso.Training;

namespace Daso.Experiments;

/// <summary>How a suite is run: what is common to all experiments and not part of any of them.</summary>
internal sealed record RunOptions
{
    /// <summary>The cluster.</summary>
    public required Topology Topology { get; init; }

    /// <summary>The link between nodes in place of the experiments' own: a rate and latency, "unlimited", or null: the experiments' own.</summary>
    public string? Link { get; init; }

    /// <summary>cpu or cuda.</summary>
    public string Device { get; init; } = "cpu";

    /// <summary>The precision in place of the experiments' own; null: those.</summary>
    public PrecisionSpec? Precision { get; init; }

    /// <summary>Seeds in place of the experiments' own.</summary>
    public IReadOnlyList<int>? Seeds { get; init; }

    /// <summary>Strategies to run; null: all.</summary>
    public IReadOnlyList<string>? Strategies { get; init; }

    /// <summary>Whether one strategy, the baseline or the one of <see cref="Strategies"/>, is trained under three names.</summary>
    public bool IsAATest { get; init; }

    /// <summary>Whether the columns of the table are explained.</summary>
    public bool ShowsLegend { get; init; }

    /// <summary>Experiments to run; null: all of the suite.</summary>
    public IReadOnlyList<string>? Experiments { get; init; }

    /// <summary>The form of the experiments to run; null: their own.</summary>
    public string? Tier { get; init; }

    /// <summary>Epochs in place of the experiments' own.</summary>
    public int? Epochs { get; init; }

    /// <summary>Steps after which each training ends.</summary>
    public int? Steps { get; init; }

    /// <summary>Untimed steps before each training.</summary>
    public int WarmupSteps { get; init; } = 3;

    /// <summary>Values of parameters, by option, in place of the declared ones.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Parameters { get; init; } =
        new Dictionary<string, IReadOnlyList<string>>();

    /// <summary>The folder that run folders are made in.</summary>
    public string OutputFolder { get; init; } = DefaultOutputFolder();

    /// <summary>The longest that a rank waits for the others in one operation.</summary>
    public TimeSpan CommunicationLimit { get; init; } = TimeSpan.FromSeconds(300);

    /// <summary>How often each training is saved; null: never.</summary>
    public CheckpointInterval? CheckpointEvery { get; init; }

    /// <summary>The folder for the ranks' checkpoints, which each machine may have for itself; null: in the run's folder.</summary>
    public string? CheckpointFolder { get; init; }

    /// <summary>The folder of an interrupted run of the same plan to go on with; null: a new run.</summary>
    public string? Resume { get; init; }

    /// <summary>
    /// A file that holds the folder of the run to go on with; where it is missing, a new run is noted in it. Null: none. For jobs that are
    /// started again with the same command line.
    /// </summary>
    public string? RunNote { get; init; }

    /// <summary>After which the run stops, with its checkpoints written; counted from the process's start. Null: never.</summary>
    public TimeSpan? MaximumTime { get; init; }

    /// <summary>Whether a resumed run trains the cells again that failed.</summary>
    public bool RetriesFailed { get; init; }

    /// <summary>Whether all files of the data are read before the training.</summary>
    public bool ChecksData { get; init; }

    /// <summary>Checkpoints of a training that are kept, after its end, too; null: the last, until the training's end.</summary>
    public int? KeepCheckpoints { get; init; }

    /// <summary>Whether rank 0 writes each training's final weights.</summary>
    public bool SavesWeights { get; init; }

    /// <summary>Damaged samples that are left out; more end the run before it begins. Not 0: all files of the data are read before.</summary>
    public int MaximumBadSamples { get; init; }

    /// <summary>How long the communicators are measured before the training; null: they are not.</summary>
    public TimeSpan? Preflight { get; init; }

    /// <summary>Whether the result also shows the strategies in the order in which they reach the target.</summary>
    public bool ShowsRanking { get; init; }

    /// <summary>The run that this one replays; null: none.</summary>
    internal ReplayedRun? Replays { get; init; }

    /// <summary>The folder of the run to go on with; null: a new run.</summary>
    /// <exception cref="UserErrorException">The note of it cannot be read.</exception>
    internal string? ResumedRun()
    {
        if (Resume is not null || RunNote is null || !File.Exists(RunNote))
            return Resume;
        try
        {
            return File.ReadAllText(RunNote).Trim();
        }
        catch (Exception failure) when (FileFailure.Is(failure))
        {
            throw new UserErrorException($"{RunNote}: cannot be read ({FileFailure.Reason(failure)})", ExitCode.Environment);
        }
    }

    /// <summary>Notes the run for a later process, where that is asked for.</summary>
    /// <param name="folder">Its folder.</param>
    /// <exception cref="UserErrorException">The note cannot be written.</exception>
    internal void NoteRun(string folder)
    {
        if (RunNote is not null)
            AtomicFile.Write(RunNote, path => File.WriteAllText(path, $"{Path.GetFullPath(folder)}\n"), "--run-note");
    }

    /// <summary>artifacts/runs of the nearest folder on the way up that has artifacts, so that a project's runs lie together; else here.</summary>
    public static string DefaultOutputFolder()
    {
        for (DirectoryInfo? at = new(Environment.CurrentDirectory); at is not null; at = at.Parent)
        {
            if (Directory.Exists(Path.Combine(at.FullName, "artifacts")))
                return Path.GetRelativePath(Environment.CurrentDirectory, Path.Combine(at.FullName, "artifacts", "runs"));
        }

        return Path.Combine("artifacts", "runs");
    }
}
