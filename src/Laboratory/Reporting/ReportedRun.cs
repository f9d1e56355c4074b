using Daso.Analysis;
using Daso.Recording;

namespace Daso.Reporting;

/// <summary>A run that a report shows.</summary>
/// <param name="Folder">Its folder.</param>
/// <param name="Manifest">What it was made with.</param>
/// <param name="Summary">What came out.</param>
internal sealed record ReportedRun(RunFolder Folder, Manifest Manifest, RunSummary Summary)
{
    /// <summary>Experiments of which at least one training is complete.</summary>
    public IEnumerable<ExperimentSummary> Experiments =>
        Summary.Experiments.Where(experiment => experiment.Strategies.Any(strategy => strategy.Cells.Any(cell => cell.Steps > 0)));

    /// <summary>The complete trainings.</summary>
    public IEnumerable<(CellId Id, CellSummary Cell)> Cells =>
        from experiment in Summary.Experiments
        from strategy in experiment.Strategies
        from cell in strategy.Cells
        select (new CellId(experiment.Plan.Name, strategy.Strategy, cell.Seed), cell);

    /// <exception cref="UserErrorException">The folder holds no run, it is damaged, or no cell is complete.</exception>
    public static ReportedRun Read(string folder)
    {
        RunFolder run = RunFolder.Open(folder);
        var read = new ReportedRun(run, Manifest.Read(run), RunSummary.Read(folder));
        if (read.Experiments.Any())
            return read;
        string reason = read.Summary.Incomplete.Select(cell => cell.Reason).FirstOrDefault() ?? "no cells were planned";
        throw new UserErrorException($"{folder}: no training of it is complete ({reason}); there is nothing to report");
    }
}
