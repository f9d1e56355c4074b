using System.Text.Json.Nodes;
using Daso.Analysis;
using Daso.Communication;
using Daso.Recording;

namespace Daso.Reproduction;

/// <summary>
/// What a recorded run says of a claim: nothing where its setting is another. The number of steps tells the data set's size, the batch, the
/// epochs and a training cut short; the accelerator's model is in no record and remains the user's to check.
/// </summary>
internal static class RunEvidence
{
    /// <summary>The strategy that does not communicate, where a run has it.</summary>
    private const string Floor = "none";

    /// <summary>By how much the floor may lie above a strategy that waits for nothing, for noise.</summary>
    private const double FloorNoise = 1.05;

    /// <param name="folder">A run's folder.</param>
    /// <param name="claim">The claim.</param>
    /// <returns>Null: the run has another setting, or did not end.</returns>
    /// <exception cref="UserErrorException">The folder holds no run, or a file is damaged.</exception>
    internal static Measured? Read(string folder, Claim claim)
    {
        Manifest manifest = Manifest.Read(RunFolder.Open(folder));
        // The manifest first: a summary reads every span.
        return manifest.Outcome == RunOutcome.Completed
            && HasCluster(claim.Setting, manifest.Cluster)
            && manifest.Experiments.Any(plan => HasPlan(claim, plan) && HasRecipe(claim, manifest.Specification[plan.Name]))
                ? Of(RunSummary.Read(folder), claim)
                : null;
    }

    /// <summary>The same of a summary.</summary>
    internal static Measured? Of(RunSummary summary, Claim claim)
    {
        ExperimentSummary? experiment = summary.Experiments.FirstOrDefault(experiment => HasPlan(claim, experiment.Plan));
        if (experiment is null || !HasCluster(claim.Setting, summary.Cluster))
            return null;
        CellSummary[] cells = [.. CellsOf(experiment, claim.Check.Strategy)];
        Dictionary<int, CellSummary> baselines = CellsOf(experiment, claim.Check.Baseline).ToDictionary(cell => cell.Seed);
        CellSummary[] needed = [.. cells, .. baselines.Values];
        if (!needed.All(cell => HasLength(claim.Setting, summary.Cluster, cell)))
            return null;
        Dictionary<int, CellSummary> floors = CellsOf(experiment, Floor).ToDictionary(cell => cell.Seed);
        int[] disturbed = claim.Figure is ClaimFigure.Saving or ClaimFigure.OverheadShare
            ? [.. needed.Where(cell => IsDisturbed(cell, floors.GetValueOrDefault(cell.Seed))).Select(cell => cell.Seed).Distinct().Order()]
            : [];
        double[] values = [.. cells
            .ExceptBy(disturbed, cell => cell.Seed)
            .Select(cell => Figure(claim.Figure, cell, baselines.GetValueOrDefault(cell.Seed)))
            .OfType<double>()];
        return values.Length + disturbed.Length == 0 ? null : new Measured(summary.Cluster.Nodes, values, summary.RunId, disturbed);
    }

    /// <summary>No strategy takes less time than the same training without communication, unless the machine did other work then.</summary>
    private static bool IsDisturbed(CellSummary cell, CellSummary? floor) =>
        floor is not null && floor.TrainingNs > FloorNoise * cell.TrainingNs;

    private static IEnumerable<CellSummary> CellsOf(ExperimentSummary experiment, string? strategy) =>
        experiment.Strategies.Where(candidate => candidate.Strategy == strategy).SelectMany(candidate => candidate.Cells);

    private static bool HasCluster(ClaimSetting setting, RecordedCluster cluster) =>
        setting.Nodes.Contains(cluster.Nodes) && setting.RanksPerNode == cluster.RanksPerNode && setting.Device == cluster.Device;

    private static bool HasPlan(Claim claim, PlannedExperiment plan)
    {
        LinkSpec? link = claim.Setting.Link is string text ? LinkSpec.Parse(text) : null;
        return plan.Name == claim.Check.Experiment
            && plan.Link == (link is null ? null : new RecordedLink(link.BitsPerSecond, link.LatencyNs));
    }

    /// <summary>Whether an experiment's learning rate is that of the claim's recipe.</summary>
    internal static bool HasRecipe(Claim claim, JsonNode? specification) =>
        claim.Check.LearningRate is not string kind
        || (specification?["learningRate"]?["kind"] is JsonValue value && value.TryGetValue(out string? used) && used == kind);

    private static bool HasLength(ClaimSetting setting, RecordedCluster cluster, CellSummary cell)
    {
        if (setting.SamplesPerEpoch is not int samples || setting.BatchPerRank is not int batch || setting.Epochs is not int epochs)
            return true;
        (int steps, int rest) = Math.DivRem(samples, batch * cluster.Ranks());
        // Data loaders drop an incomplete last batch or fill it.
        return cell.Steps == epochs * steps || (rest > 0 && cell.Steps == epochs * (steps + 1));
    }

    private static double? Figure(ClaimFigure figure, CellSummary cell, CellSummary? baseline) => figure switch
    {
        ClaimFigure.Quality => cell.FinalQuality,
        ClaimFigure.OverheadShare => cell.LocalWaitShare + cell.GlobalWaitShare,
        ClaimFigure.Saving when baseline is not null => 1 - ((double)cell.TrainingNs / baseline.TrainingNs),
        ClaimFigure.QualityLoss => baseline?.FinalQuality - cell.FinalQuality,
        ClaimFigure.TrafficRatio when baseline is not null => cell.BytesPerNodeStep / baseline.BytesPerNodeStep,
        _ => null,
    };
}
