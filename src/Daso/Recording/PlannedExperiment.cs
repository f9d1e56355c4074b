using System.Text.Json.Serialization;
using Daso.SharedRules;
using Daso.Specification;

namespace Daso.Recording;

/// <summary>What the analysis has to know of an experiment's variant.</summary>
internal sealed record PlannedExperiment
{
    /// <summary>The variant's name, as in <see cref="CellId.Experiment"/>.</summary>
    public required string Name { get; init; }

    /// <summary>Strategies in the order of the table.</summary>
    public required IReadOnlyList<string> Strategies { get; init; }

    /// <summary>The one that the others are compared with.</summary>
    public required string Baseline { get; init; }

    /// <summary>Every strategy is trained with each.</summary>
    public required IReadOnlyList<int> Seeds { get; init; }

    /// <summary>What throughput counts: "images" or "tokens".</summary>
    public required string Unit { get; init; }

    /// <summary>The quality to reach, if any.</summary>
    public TargetQuality? Target { get; init; }

    /// <summary>What it computes in, as --precision takes it: float32, also in older manifests, which do not say.</summary>
    public string Precision { get; init; } = "float32";

    /// <summary>The emulated link of every node; null: unlimited.</summary>
    public RecordedLink? Link { get; init; }

    /// <summary>What its quality is measured in where it has no target.</summary>
    public string MainMetric { get; init; } = QualityMetrics.Default;

    /// <summary>What is measured on held-out data; in older manifests that of classification.</summary>
    public IReadOnlyList<RecordedMetric> Metrics { get; init; } = RecordedMetric.OfClassification;

    /// <summary>Samples of an epoch's training data; null: an older run, which does not say.</summary>
    public int? TrainSamples { get; init; }

    /// <summary>Held-out samples; null: an older run.</summary>
    public int? HeldOutSamples { get; init; }

    /// <summary>What strategies bring into agreement, of those that say it, by name; null: none does, or an older run.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyDictionary<string, RecordedPolicy>? Policies { get; init; }

    /// <summary>" in bfloat16" after where it runs, for titles; empty of float32.</summary>
    internal string InPrecision() => Precision == "float32" ? "" : $" in {Precision}";

    /// <summary>What its quality is measured in.</summary>
    public string QualityMetric() => Target?.Metric ?? MainMetric;

    /// <summary>Whether smaller values of its quality are better, as of a loss.</summary>
    internal bool HasQualityBelow() => Metrics.FirstOrDefault(metric => metric.Name == QualityMetric())?.Better == TargetDirection.AtMost;

    /// <summary>The cells that its strategies and seeds make.</summary>
    public IEnumerable<CellId> Cells() => Strategies.SelectMany(strategy => Seeds.Select(seed => new CellId(Name, strategy, seed)));
}

/// <summary>What of a replica a strategy brings into agreement, in words.</summary>
/// <param name="Averaged">What ranks exchange.</param>
/// <param name="Momentum">Whose the local optimizer's state is.</param>
/// <param name="BatchNorm">Whose batch norm's running statistics are.</param>
/// <param name="Memory">Bytes a rank, with n for the trainable parameters.</param>
internal sealed record RecordedPolicy(string Averaged, string Momentum, string BatchNorm, string Memory);
