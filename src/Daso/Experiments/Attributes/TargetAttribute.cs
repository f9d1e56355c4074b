namespace Daso.Experiments;

/// <summary>The quality on held-out data that a run has to reach; set one of <see cref="AtLeast"/> and <see cref="AtMost"/>.</summary>
/// <param name="metric">accuracy or top5 (shares, 0 to 1), loss, or another of the experiment's <see cref="ObjectiveAttribute"/>.</param>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class TargetAttribute(string metric) : Attribute
{
    /// <summary>The metric's name.</summary>
    public string Metric { get; } = metric;

    /// <summary>Values from this one up are good; NaN: not set.</summary>
    public double AtLeast { get; init; } = double.NaN;

    /// <summary>Values up to this one are good; NaN: not set.</summary>
    public double AtMost { get; init; } = double.NaN;
}
