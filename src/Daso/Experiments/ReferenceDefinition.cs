using Daso.SharedRules;

namespace Daso.Experiments;

/// <summary>What a strategy's figure is known to be on a system.</summary>
/// <param name="System">The system's name.</param>
/// <param name="Strategy">The strategy's name.</param>
/// <param name="Metric">The figure's name, as <see cref="ReferenceAttribute"/> lists them.</param>
/// <param name="Value">The figure, in the unit.</param>
/// <param name="Lower">How far below it a figure may be, as a share of it, at most 0; null: as far as it likes.</param>
/// <param name="Upper">How far above it a figure may be, as a share of it, at least 0; null: as far as it likes.</param>
/// <param name="Unit">The unit of the value.</param>
/// <param name="Tier">The tier that it holds for; null: the experiment's own form.</param>
public sealed record ReferenceDefinition(
    string System, string Strategy, string Metric, double Value, double? Lower, double? Upper, string Unit, string? Tier)
{
    /// <summary>The smallest figure that is right, in the unit; -∞ without a lower bound.</summary>
    public double Smallest => Value * (1 + (Lower ?? double.NegativeInfinity));

    /// <summary>The largest figure that is right, in the unit; ∞ without an upper bound.</summary>
    public double Largest => Value * (1 + (Upper ?? double.PositiveInfinity));

    /// <summary>A figure as a summary holds it (nanoseconds, bytes, items a second, shares) in the reference's unit.</summary>
    /// <param name="figure">For example 2e9 (ns).</param>
    /// <returns>For example 2, where the unit is s.</returns>
    public double InUnit(double figure) => figure / ReferenceMetrics.UnitsOf(Metric)!.Single(unit => unit.Name == Unit).Size;

    /// <summary>Whether a figure, as a summary holds it, lies within the bounds; never for NaN.</summary>
    /// <param name="figure">The measured figure.</param>
    public bool Holds(double figure) => InUnit(figure) is double measured && measured >= Smallest && measured <= Largest;
}
