using Daso.Models;
using Daso.Optimization;
using Daso.Specification;
using static TorchSharp.torch;

namespace Daso.Objectives;

/// <summary>
/// Cross entropy of classes or of next tokens. Outputs are logits float32 [B, C] with targets int64 [B], or [B, T, C] with [B, T]; every
/// target counts alike.
/// </summary>
public sealed record CrossEntropySpec : ObjectiveSpec
{
    private static readonly Metric[] s_usual = [new CrossEntropy(), new Accuracy(), new TopFiveAccuracy()];
    private readonly IReadOnlyList<Metric> _metrics = s_usual;

    /// <summary>The objective of an experiment that names none.</summary>
    public static CrossEntropySpec Default { get; } = new();

    /// <inheritdoc />
    public override IReadOnlyList<Metric> Metrics => _metrics;

    /// <summary>What is measured beside loss, accuracy and top5.</summary>
    public IReadOnlyList<Metric> MoreMetrics
    {
        get => [.. _metrics.Skip(s_usual.Length)];
        init => _metrics = value.Count == 0 ? s_usual : [.. s_usual, .. value];
    }

    /// <summary>Equal parts that a rank's batch is learnt in, one after the other, where all of it does not fit the memory; 1: as a whole.</summary>
    public int MicroBatches { get; init; } = 1;

    /// <inheritdoc />
    public override void Validate()
    {
        base.Validate();
        if (MicroBatches < 1)
            throw SettingError.OutOfRange(nameof(CrossEntropySpec), nameof(MicroBatches), MicroBatches, "at least 1", "parts of a rank's batch");
    }

    /// <inheritdoc />
    public override ILearner CreateLearner(Replica replica, OptimizerSpec optimizer) => MicroBatches == 1
        ? base.CreateLearner(replica, optimizer)
        : new GradientAccumulation(this, replica, optimizer.Create(replica), MicroBatches);

    /// <inheritdoc />
    public override Tensor Loss(Tensor outputs, Tensor targets)
    {
        using Tensor rows = outputs.view(-1, outputs.shape[^1]);
        using Tensor wanted = targets.view(-1);
        return nn.functional.cross_entropy(rows, wanted);
    }

    /// <inheritdoc />
    public override void Describe(SpecificationWriter writer)
    {
        writer.Add("kind", "crossEntropy").Add("metrics", string.Join(',', Metrics.Select(metric => metric.Name)));
        if (MicroBatches != 1)
            writer.Add("microBatches", MicroBatches);
    }
}
