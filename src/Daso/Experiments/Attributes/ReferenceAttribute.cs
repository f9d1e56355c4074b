namespace Daso.Experiments;

/// <summary>
/// What a strategy's figure is known to be on a system, and how far it may be off: what a nightly run is held against. Repeat it for each.
/// It judges a result and changes none, so that it is not part of the specification. Where parameters have several values, it holds for
/// each combination of them.
/// </summary>
/// <param name="system">The system's name; lower-case letters, digits and single dashes.</param>
/// <param name="strategy">The strategy's name in this experiment.</param>
/// <param name="metric">step-time, training-time, relative-training (over the baseline's), time-to-target, items-per-second,
/// bytes-per-step (from a node to others), wait-share (of step time), or quality (after the last epoch).</param>
/// <param name="value">The figure, in the unit; above 0.</param>
[AttributeUsage(AttributeTargets.Class, AllowMultiple = true, Inherited = false)]
public sealed class ReferenceAttribute(string system, string strategy, string metric, double value) : Attribute
{
    /// <summary>The system's name.</summary>
    public string System { get; } = system;

    /// <summary>The strategy's name.</summary>
    public string Strategy { get; } = strategy;

    /// <summary>The metric's name.</summary>
    public string Metric { get; } = metric;

    /// <summary>The figure.</summary>
    public double Value { get; } = value;

    /// <summary>How far below the value a figure may be, as a share of it and not above 0: -0.05 is 5 %; NaN: as far as it likes.</summary>
    public double Lower { get; init; } = double.NaN;

    /// <summary>How far above the value a figure may be, as a share of it and not below 0: 0.05 is 5 %; NaN: as far as it likes.</summary>
    public double Upper { get; init; } = double.NaN;

    /// <summary>Times: ns, us, ms, s, min or h; bytes: B, kB, MB or GB; items-per-second: 1/s; all others: 1.</summary>
    public string Unit { get; init; } = "1";

    /// <summary>The tier that it holds for; null: the experiment's own form.</summary>
    public string? Tier { get; init; }
}
