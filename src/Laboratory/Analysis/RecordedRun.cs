using Daso.Recording;

namespace Daso.Analysis;

/// <summary>A run's records, each file read once, when it is first asked for.</summary>
/// <param name="folder">Its folder.</param>
/// <param name="manifest">What it was made with.</param>
/// <param name="summary">What came out, where it is known already.</param>
internal sealed class RecordedRun(RunFolder folder, Manifest manifest, RunSummary? summary = null)
{
    private RunLog? _log;
    private RunSummary? _summary = summary;

    /// <summary>Its folder.</summary>
    public RunFolder Folder => folder;

    /// <summary>What it was made with.</summary>
    public Manifest Manifest => manifest;

    /// <summary>What happened.</summary>
    /// <exception cref="UserErrorException">The log is damaged.</exception>
    public RunLog Log => _log ??= RunLog.Read(Folder.Events);

    /// <summary>What came out; reads the spans and metrics of all complete trainings.</summary>
    /// <exception cref="UserErrorException">A file is damaged.</exception>
    public RunSummary Summary => _summary ??= RunSummary.Of(this);

    /// <summary>Experiments of which at least one training is complete.</summary>
    public IEnumerable<ExperimentSummary> Experiments =>
        Summary.Experiments.Where(experiment => experiment.Strategies.Any(strategy => strategy.Cells.Any(cell => cell.Steps > 0)));

    /// <summary>The complete trainings.</summary>
    public IEnumerable<(CellId Id, CellSummary Cell)> Cells =>
        from experiment in Summary.Experiments
        from strategy in experiment.Strategies
        from cell in strategy.Cells
        select (new CellId(experiment.Plan.Name, strategy.Strategy, cell.Seed), cell);

    /// <summary>Opens a run's folder; a run that was killed or cancelled gives what it completed.</summary>
    /// <param name="path">The folder.</param>
    /// <exception cref="UserErrorException">It holds no run, or a file is damaged.</exception>
    public static RecordedRun Open(string path) => Open(RunFolder.Open(path));

    /// <summary>The same of a folder that is known to hold one.</summary>
    public static RecordedRun Open(RunFolder folder) => new(folder, Manifest.Read(folder));

    /// <summary>The cells that are complete: trained, and their records are there.</summary>
    public IReadOnlySet<CellId> Complete() => Log.Ended(Folder, Manifest.Cluster.Ranks());
}
