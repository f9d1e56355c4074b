using Daso.SharedRules;

namespace Daso.References;

/// <summary>What a strategy's figure is known to be, and how far a run's may be off.</summary>
/// <param name="Strategy">The strategy.</param>
/// <param name="Metric">quality, relative-training, training-time, or another of <see cref="ReferenceMetrics"/>.</param>
/// <param name="Value">The figure, in the unit.</param>
/// <param name="Lower">How far below it a figure may be, as a share of it, at most 0; null: as far as it likes.</param>
/// <param name="Upper">How far above it a figure may be, as a share of it, at least 0; null: as far as it likes.</param>
/// <param name="Unit">The value's unit: 1 for shares and qualities, s for times, …</param>
/// <param name="Noise">Standard deviation from run to run, as a share of the value; null: a person wrote the reference.</param>
/// <param name="Finds">The smallest change for the worse that 99 of 100 runs show, as a share of the value; null: not known.</param>
internal sealed record Reference(
    string Strategy,
    string Metric,
    double Value,
    double? Lower,
    double? Upper,
    string Unit,
    double? Noise = null,
    double? Finds = null)
{
    public const string Quality = "quality";
    public const string RelativeTraining = "relative-training";
    public const string TrainingTime = "training-time";

    /// <summary>Whether a figure may be as it likes: it is there to tell what changed.</summary>
    public bool IsForInformation() => Lower is null && Upper is null;

    /// <summary>What is wrong with it, by the rules that the compiler keeps of [Reference]s; null: nothing.</summary>
    public string? Mistake()
    {
        if (ReferenceMetrics.UnitsOf(Metric) is not { } units)
            return $"the metric {Metric} is unknown; there are {string.Join(", ", ReferenceMetrics.Names)}";
        if (units.All(unit => unit.Name != Unit))
            return $"{Metric} in {Unit} is unknown; there are {string.Join(", ", units.Select(unit => unit.Name))}";
        // A file does not say whether its quality is a loss, which may be above 1.
        string? wrong = ReferenceRule.WhatIsWrong(Value, IsForInformation() ? 0 : Lower, Upper, ReferenceMetrics.LargestOf(Metric, "loss"));
        return wrong is null ? null : $"{Metric} {wrong}";
    }

    /// <summary>A figure of a summary (nanoseconds, bytes, shares) in this reference's unit; NaN for a unit that the metric does not have.</summary>
    public double InUnit(double figure) =>
        figure / (ReferenceMetrics.UnitsOf(Metric)?.FirstOrDefault(unit => unit.Name == Unit).Size is double size and > 0 ? size : double.NaN);

    /// <summary>The smallest figure that is right, in the unit.</summary>
    public double Smallest() => Value * (1 + (Lower ?? double.NegativeInfinity));

    /// <summary>The largest figure that is right, in the unit.</summary>
    public double Largest() => Value * (1 + (Upper ?? double.PositiveInfinity));
}

/// <summary>The references of an experiment's variant.</summary>
/// <param name="Name">The variant.</param>
/// <param name="Specification">SHA-256 over its specification, its data and the cluster; null: a person wrote the references.</param>
/// <param name="Baseline">The strategy that the others are compared with.</param>
/// <param name="References">Quality first.</param>
/// <param name="Experiment">The experiment; null: the variant is its only one and has its name.</param>
internal sealed record ExperimentReferences(
    string Name, string? Specification, string Baseline, IReadOnlyList<Reference> References, string? Experiment = null)
{
    /// <summary>Whether they are of an experiment.</summary>
    public bool AreOf(string experiment) => (Experiment ?? Name) == experiment;
}

/// <summary>The machine that references hold for.</summary>
/// <param name="Processor">The processor's model.</param>
/// <param name="Cores">Logical cores.</param>
/// <param name="Gpus">Names of the GPUs in use.</param>
internal sealed record ReferenceMachine(string Processor, int Cores, IReadOnlyList<string> Gpus)
{
    /// <inheritdoc />
    public override string ToString() => FormattableString.Invariant($"{Processor}, {Cores} cores")
        + (Gpus.Count > 0 ? FormattableString.Invariant($", {Gpus.Count} GPUs") : "");

    /// <summary>Whether it is the same kind of machine.</summary>
    public bool IsLike(ReferenceMachine other) =>
        Processor == other.Processor && Cores == other.Cores && Gpus.SequenceEqual(other.Gpus);
}
