using System.Text.Json.Nodes;

namespace Daso.Analysis;

/// <summary>The run of few ranks, best of one, that others' rates are held against: weak scaling, since a rank's batch is the same in both.</summary>
/// <param name="run">The run.</param>
internal sealed class ScalingBase(RecordedRun run)
{
    // What may differ: where it ran, how long, and what it was compared with.
    private static readonly string[] s_free = ["link", "seeds", "strategies", "baseline", "epochs", "steps", "target"];

    /// <summary>What it is, in words.</summary>
    public string Name => FormattableString.Invariant(
        $"{run.Manifest.RunId}, {run.Manifest.Cluster.Nodes} × {run.Manifest.Cluster.RanksPerNode} ranks");

    /// <summary>The run with the efficiency of each strategy: its rate a rank over that of the base.</summary>
    /// <param name="scaled">The run.</param>
    /// <exception cref="UserErrorException">No experiment of the run is in the base with the same settings.</exception>
    public RecordedRun Beside(RecordedRun scaled)
    {
        RunSummary summary = scaled.Summary with { Experiments = [.. scaled.Summary.Experiments.Select(experiment => Beside(scaled, experiment))] };
        if (!summary.Experiments.Any(experiment => experiment.HasScalingEfficiency))
        {
            throw new UserErrorException(
                $"--scaling-base {run.Folder.Path}: it has no complete training of an experiment of {scaled.Manifest.RunId} with the same model, "
                    + "data, optimizer, precision and device");
        }

        return new RecordedRun(scaled.Folder, scaled.Manifest, summary);
    }

    private ExperimentSummary Beside(RecordedRun scaled, ExperimentSummary experiment)
    {
        string name = experiment.Plan.Name;
        ExperimentSummary? alone = run.Summary.Experiments.FirstOrDefault(one =>
            one.Plan.Name == name && JsonNode.DeepEquals(Settings(run, name), Settings(scaled, name)));
        if (alone is null)
            return experiment;
        return experiment with
        {
            Strategies =
            [
                .. experiment.Strategies.Select(strategy => strategy with
                {
                    ScalingEfficiency = RateOfRank(scaled, strategy) / RateOfRank(run, Same(alone, strategy.Strategy)),
                }),
            ],
        };
    }

    /// <summary>The strategy of the same name, or where the base has none the base's baseline.</summary>
    private static StrategySummary? Same(ExperimentSummary alone, string strategy) =>
        alone.Strategies.FirstOrDefault(one => one.Strategy == strategy && one.Cells.Count > 0) ?? alone.Strategies.FirstOrDefault(one => one.IsBaseline);

    private static double? RateOfRank(RecordedRun of, StrategySummary? strategy) =>
        strategy is { Cells.Count: > 0 } ? strategy.ItemsPerSecond.Median / of.Manifest.Cluster.Ranks() : null;

    private static JsonNode? Settings(RecordedRun of, string experiment)
    {
        if (of.Manifest.Specification[experiment]?.DeepClone() is not JsonObject settings)
            return null;
        foreach (string free in s_free)
            settings.Remove(free);
        settings["device"] = of.Manifest.Cluster.Device;
        return settings;
    }
}
