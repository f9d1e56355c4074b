using System.Text.Json.Nodes;
using Daso.Recording;

namespace Daso.Analysis;

/// <summary>Steps to the target over batch sizes, of trainings that differ in nothing else but the learning rate.</summary>
/// <param name="Name">The strategy, and what tells the study from the others of the run.</param>
/// <param name="Points">One a training that reached the target: samples of a step over all ranks, and steps.</param>
/// <param name="Missed">Trainings that did not reach it.</param>
internal sealed record BatchStudy(string Name, IReadOnlyList<(double Batch, double Steps)> Points, int Missed)
{
    private const string Batch = "batchPerRank";

    /// <summary>The law of the points; null: fewer than two batch sizes.</summary>
    public ScalingLaw? Law { get; } = ScalingLaw.Fit(Points);

    /// <summary>The studies of runs, in their order.</summary>
    /// <exception cref="UserErrorException">No training has a target.</exception>
    internal static IReadOnlyList<BatchStudy> Of(IReadOnlyList<RecordedRun> runs)
    {
        var trainings = new List<Training>();
        foreach (RecordedRun run in runs)
        {
            foreach (ExperimentSummary experiment in run.Summary.Experiments.Where(one => one.Plan.Target is not null))
                trainings.AddRange(TrainingsOf(run.Manifest, experiment));
        }

        if (trainings.Count == 0)
            throw new UserErrorException("no training has a target to count steps to; give the experiment a [Target]");
        IGrouping<string, Training>[] studies = [.. trainings.GroupBy(one => one.Strategy + one.Settings.ToJsonString())];
        Dictionary<string, string>[] leaves = [.. studies.Select(study => Leaves(study.First().Settings).ToDictionary())];
        string[] telling = [.. leaves[0].Keys.Where(path => leaves.Any(one => one.GetValueOrDefault(path) != leaves[0][path]))];
        return
        [
            .. studies.Zip(leaves, (study, settings) => new BatchStudy(
                string.Join(", ", telling.Select(path => $"{path[(path.LastIndexOf('.') + 1)..]} {settings.GetValueOrDefault(path)}").Prepend(study.First().Strategy)),
                [.. study.Where(one => one.Steps is not null).Select(one => (one.Batch, one.Steps!.Value)).OrderBy(point => point.Batch)],
                study.Count(one => one.Steps is null))),
        ];
    }

    private static IEnumerable<Training> TrainingsOf(Manifest manifest, ExperimentSummary experiment)
    {
        if (manifest.Specification[experiment.Plan.Name]?.DeepClone() is not JsonObject settings
            || settings["data"] is not JsonObject data || data[Batch]?.GetValue<int>() is not int batch)
        {
            yield break;
        }

        data.Remove(Batch);
        settings.Remove("learningRate");
        settings.Remove("seeds");
        foreach (StrategySummary strategy in experiment.Strategies)
        {
            foreach (CellSummary cell in strategy.Cells.Where(cell => cell.Steps > 0))
            {
                int stepsPerEpoch = (cell.Steps + cell.Epochs.Count - 1) / cell.Epochs.Count;
                double? steps = cell.EpochsToTarget is int epochs ? Math.Min(cell.Steps, epochs * stepsPerEpoch) : null;
                yield return new Training(strategy.Strategy, settings, (double)batch * manifest.Cluster.Ranks(), steps);
            }
        }
    }

    /// <summary>Every setting by its path.</summary>
    private static IEnumerable<KeyValuePair<string, string>> Leaves(JsonNode? node, string path = "") => node switch
    {
        JsonObject parts => parts.SelectMany(part => Leaves(part.Value, path.Length == 0 ? part.Key : $"{path}.{part.Key}")),
        _ => [new(path, node?.ToJsonString() ?? "")],
    };

    /// <summary>A training.</summary>
    private readonly record struct Training(string Strategy, JsonObject Settings, double Batch, double? Steps);
}
