using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Daso.Recording;
using Daso.Specification;

namespace Daso.Analysis;

/// <summary>A run in numbers, from its files: live objects never enter.</summary>
/// <param name="RunId">The run's id.</param>
/// <param name="Suite">The suite's name.</param>
/// <param name="Outcome">How the run ended; null: it goes on, if it has a <see cref="Holder"/>, or was killed.</param>
/// <param name="Cluster">The cluster.</param>
/// <param name="Experiments">In the order of the suite.</param>
/// <param name="Incomplete">Cells that were planned but not completed.</param>
internal sealed record RunSummary(
    string RunId,
    string Suite,
    RunOutcome? Outcome,
    RecordedCluster Cluster,
    IReadOnlyList<ExperimentSummary> Experiments,
    IReadOnlyList<IncompleteCell> Incomplete)
{
    /// <summary>The process with which the run goes on; null: it has ended, or was killed.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public RunHolder? Holder { get; init; }

    /// <summary>Damaged samples that the data was without; null: none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? SamplesLeftOut { get; init; }

    /// <summary>Reads a run's folder; a run that was killed or cancelled gives what it completed.</summary>
    /// <param name="folder">The run's folder.</param>
    /// <exception cref="UserErrorException">It holds no run, or a file is damaged.</exception>
    public static RunSummary Read(string folder) => Of(RecordedRun.Open(folder));

    /// <summary>Reads the spans and metrics of a run's complete trainings.</summary>
    /// <exception cref="UserErrorException">A file is damaged.</exception>
    internal static RunSummary Of(RecordedRun run)
    {
        Manifest manifest = run.Manifest;
        ILookup<bool, CellId> cells = manifest.Experiments.SelectMany(experiment => experiment.Cells()).ToLookup(run.Complete().Contains);
        HashSet<CellId> complete = [.. cells[true]];
        RunHolder? holder = manifest.Outcome is null ? RunLock.HolderOf(run.Folder) : null;
        return new RunSummary(
            manifest.RunId,
            manifest.Suite,
            manifest.Outcome,
            manifest.Cluster,
            [.. manifest.Experiments.Select(experiment => ExperimentSummary.Read(run.Folder, manifest.Cluster, experiment, complete))],
            IncompleteCell.Explain(run.Log, [.. cells[false]], holder is not null))
        {
            Holder = holder,
            SamplesLeftOut = manifest.Settings.GetValueOrDefault(SettingNames.SamplesLeftOut),
        };
    }

    /// <summary>That the run goes on, for who reads it meanwhile; null: it does not.</summary>
    internal string? GoesOn => Holder is null ? null : $"{RunId}: goes on ({Holder}); what it has trained so far is read";

    /// <summary>What must be read before an experiment's table, since its numbers say less than they seem to. Null: nothing.</summary>
    internal string? WarningOf(PlannedExperiment plan)
    {
        string[] warnings = [.. new[] { MissingCells(plan), SharedGpus(), LeftOut() }.OfType<string>()];
        return warnings.Length == 0 ? null : string.Join(". ", warnings);
    }

    /// <summary>That medians are over different seeds; null: no cell is missing.</summary>
    private string? MissingCells(PlannedExperiment plan)
    {
        IncompleteCell[] missing = [.. Incomplete.Where(cell => cell.Cell.Experiment == plan.Name)];
        return missing.Length == 0
            ? null
            : FormattableString.Invariant($"INCOMPLETE: {missing.Length} of {plan.Cells().Count()} trainings are missing: ")
                + $"{IncompleteCell.InWords(missing)}; strategies with different seeds do not compare, but for ratios, which are by seed";
    }

    private string? LeftOut() => SamplesLeftOut is null
        ? null
        : $"LEFT OUT: {SamplesLeftOut} damaged samples are no part of the data; events.jsonl names them";

    private string? SharedGpus() => Cluster.RanksPerGpu is > 1 and int ranks
        ? FormattableString.Invariant($"SHARED: {ranks} ranks compute on one GPU and wait for each other; times are not those of a rank with its own GPU")
        : null;

    /// <summary>The summary as indented JSON; numbers that are missing are null.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, SummaryJson.Readable.RunSummary);

    /// <summary>Writes summary.json into the run's folder.</summary>
    /// <exception cref="UserErrorException">It cannot be written.</exception>
    public void Write(RunFolder folder) => AtomicFile.Write(folder.Summary, path => File.WriteAllText(path, ToJson()));
}

/// <summary>All strategies on one experiment's variant.</summary>
/// <param name="Plan">The variant: its baseline, seeds, target and link.</param>
/// <param name="QualityMetric">The metric of the final quality: the target's, or else accuracy.</param>
/// <param name="Strategies">In the order of the experiment.</param>
internal sealed record ExperimentSummary(PlannedExperiment Plan, string QualityMetric, IReadOnlyList<StrategySummary> Strategies)
{
    /// <summary>Whether a strategy's rate was held against that of fewer ranks.</summary>
    [JsonIgnore]
    public bool HasScalingEfficiency => Strategies.Any(strategy => strategy.ScalingEfficiency is not null);

    internal static ExperimentSummary Read(RunFolder run, RecordedCluster cluster, PlannedExperiment plan, HashSet<CellId> complete)
    {
        string metric = MetricNames.HeldOut(plan.QualityMetric());
        Dictionary<CellId, CellSummary> cells = plan.Cells()
            .Where(complete.Contains)
            .ToDictionary(cell => cell, cell => ReadCell(run, cell, cluster, plan.Target, metric));
        CellSummary[] baseline = [.. Compared(plan.Baseline)];
        return new ExperimentSummary(plan, metric, [.. plan.Strategies.Select(strategy =>
            StrategySummary.Of(strategy, strategy == plan.Baseline, [.. Compared(strategy)], baseline))]);

        IEnumerable<CellSummary> Compared(string strategy) => cells
            .Where(cell => cell.Key.Strategy == strategy)
            .Select(cell => cell.Value with
            {
                RelativeTraining = cells.TryGetValue(cell.Key with { Strategy = plan.Baseline }, out CellSummary? baseline)
                    ? (double)cell.Value.TrainingNs / baseline.TrainingNs
                    : null,
            });
    }

    private static CellSummary ReadCell(RunFolder run, CellId cell, RecordedCluster cluster, TargetQuality? target, string metric)
    {
        CellSummary summary = CellAnalysis.Read(run, cell, cluster, target, metric);
        // What a wide training's ranks come to is large arrays, which the collector would leave lying about for many cells.
        GC.Collect();
        return summary;
    }
}

/// <summary>Serialises summaries without reflection.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true, UseStringEnumConverter = true)]
[JsonSerializable(typeof(RunSummary))]
[JsonSerializable(typeof(RunComparison))]
internal sealed partial class SummaryJson : JsonSerializerContext
{
    private static SummaryJson? s_readable;

    /// <summary>With µ and × as they are. Made late: it builds on a static of the generated part.</summary>
    public static SummaryJson Readable => s_readable ??= new(new JsonSerializerOptions(Default.Options)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new MissingAsNull() },
    });

    /// <summary>JSON has no NaN: a number that could not be computed is null.</summary>
    private sealed class MissingAsNull : JsonConverter<double>
    {
        public override double Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            reader.TokenType == JsonTokenType.Null ? double.NaN : reader.GetDouble();

        public override void Write(Utf8JsonWriter writer, double value, JsonSerializerOptions options)
        {
            if (double.IsFinite(value))
                writer.WriteNumberValue(value);
            else
                writer.WriteNullValue();
        }
    }
}
