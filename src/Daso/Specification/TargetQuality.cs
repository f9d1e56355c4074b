namespace Daso.Specification;

/// <summary>A quality to reach on held-out data.</summary>
/// <param name="Metric">accuracy, top5 or loss.</param>
/// <param name="Direction">Which side of the value is good.</param>
/// <param name="Value">The threshold.</param>
public sealed record TargetQuality(string Metric, TargetDirection Direction, double Value)
{
    /// <summary>Whether a measured value reaches the target; never for NaN.</summary>
    public bool IsReachedBy(double measured) => Direction == TargetDirection.AtLeast ? measured >= Value : measured <= Value;
}

/// <summary>Which side of a target is good.</summary>
public enum TargetDirection
{
    /// <summary>At least the value.</summary>
    AtLeast,

    /// <summary>At most the value.</summary>
    AtMost,
}
