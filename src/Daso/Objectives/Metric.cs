using Daso.Specification;
using static TorchSharp.torch;

namespace Daso.Objectives;

/// <summary>
/// Something that is measured on held-out data after an epoch. It is added up over a rank's batches and over the ranks, each sample or
/// token counted once, and computed from those sums. It has no state: one object serves all ranks.
/// </summary>
public abstract record Metric
{
    /// <summary>As in <c>[Target]</c>, in tables and after <c>heldout_</c> in records; lower case, without spaces.</summary>
    public abstract string Name { get; }

    /// <summary>What is drawn, as a plot's title: "Accuracy on held-out data".</summary>
    public abstract string Title { get; }

    /// <summary>The unit of a plot's axis.</summary>
    public abstract string Unit { get; }

    /// <summary>Which values are better.</summary>
    public abstract TargetDirection Better { get; }

    /// <summary>The largest value that it can have: 1 for shares, which are shown in per cent.</summary>
    public virtual double Largest => double.PositiveInfinity;

    /// <summary>How many numbers are added up.</summary>
    public virtual int Sums => 2;

    /// <summary>Adds a batch; called without a graph, inside a dispose scope.</summary>
    /// <param name="outputs">What the model makes of the batch's inputs.</param>
    /// <param name="targets">What it should say.</param>
    /// <param name="sums">This rank's sums so far: <see cref="Sums"/> numbers, 0 at first.</param>
    public abstract void Add(Tensor outputs, Tensor targets, Span<double> sums);

    /// <summary>The value, of the first sum over the second unless overridden.</summary>
    /// <param name="sums">Over all ranks. They travel as float32: a count is exact up to 2²⁴ a rank.</param>
    public virtual float Value(ReadOnlySpan<float> sums) => sums[0] / sums[1];
}

/// <summary>A metric's value after an epoch, over all ranks.</summary>
/// <param name="Metric">What.</param>
/// <param name="Value">How much.</param>
public readonly record struct MeasuredMetric(Metric Metric, double Value);
