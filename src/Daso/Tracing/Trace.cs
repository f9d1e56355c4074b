using Daso.Cluster;
using Daso.Strategies;

namespace Daso.Tracing;

/// <summary>What a scenario did on a cluster.</summary>
/// <param name="Scenario">The scenario.</param>
/// <param name="Topology">The cluster.</param>
/// <param name="Ranks">What each rank recorded.</param>
internal sealed record Trace(Scenario Scenario, Topology Topology, IReadOnlyList<RankTrace> Ranks);

/// <summary>What one rank recorded.</summary>
/// <param name="steps">Steps of the whole training.</param>
internal sealed class RankTrace(int steps)
{
    /// <summary>The schedule's state, step by step; the same on every rank.</summary>
    internal List<TracedStep> Steps { get; } = new(steps);

    /// <summary>What each step did after the optimizer's.</summary>
    internal List<IReadOnlyList<string>> Events { get; } = new(steps);

    /// <summary>What each step led to.</summary>
    internal List<TracedValues> Values { get; } = new(steps);

    /// <summary>The schedule's state after each epoch; the same on every rank.</summary>
    internal List<TracedEpoch> Epochs { get; } = [];

    /// <summary>All parameters after some steps.</summary>
    internal List<TracedVector> Vectors { get; } = [];
}

/// <summary>The schedule around a step.</summary>
/// <param name="Epoch">From 0.</param>
/// <param name="Batch">From 0, within the epoch.</param>
/// <param name="Skips">In force during the step.</param>
/// <param name="DutyBefore">The group that sends next, before the step's synchronisation.</param>
/// <param name="InFlightBefore">The group whose sum is in flight, before it; null: none.</param>
/// <param name="Duty">The group that sends next, after it.</param>
/// <param name="InFlight">The group whose sum is in flight, after it.</param>
/// <param name="AveragedLocally">Whether the step's backward averaged gradients inside the node.</param>
internal readonly record struct TracedStep(
    int Epoch, int Batch, DasoSkips Skips, int DutyBefore, int? InFlightBefore, int Duty, int? InFlight, bool AveragedLocally);

/// <summary>A rank after a step.</summary>
/// <param name="Loss">Of the step's batch.</param>
/// <param name="Parameters">Over all parameters.</param>
/// <param name="Momentum">Over the optimizer's momentum.</param>
/// <param name="Pending">Sums of this rank in flight.</param>
internal readonly record struct TracedValues(float Loss, Sums Parameters, Sums Momentum, int Pending);

/// <summary>Two sums in float64, which tell vectors apart.</summary>
/// <param name="Sum">Σ x.</param>
/// <param name="Squares">Σ x².</param>
internal readonly record struct Sums(double Sum, double Squares)
{
    /// <summary>Adds up.</summary>
    internal static Sums Of(ReadOnlySpan<float> values)
    {
        double sum = 0, squares = 0;
        foreach (float value in values)
        {
            sum += value;
            squares += (double)value * value;
        }

        return new Sums(sum, squares);
    }
}

/// <summary>The schedule after an epoch's loss.</summary>
/// <param name="Epoch">From 0.</param>
/// <param name="TestedLoss">null: it was not tested.</param>
/// <param name="HasPlateaued">Whether it had plateaued.</param>
/// <param name="Skips">Those of the next epoch.</param>
/// <param name="Best">The best loss so far; infinity before the first.</param>
/// <param name="BadEpochs">Epochs since then that were no better.</param>
internal readonly record struct TracedEpoch(int Epoch, float? TestedLoss, bool HasPlateaued, DasoSkips Skips, double Best, int BadEpochs);

/// <summary>All parameters after a step.</summary>
/// <param name="Epoch">From 0.</param>
/// <param name="Batch">From 0, within the epoch.</param>
/// <param name="Values">In the model's order.</param>
internal sealed record TracedVector(int Epoch, int Batch, float[] Values);
