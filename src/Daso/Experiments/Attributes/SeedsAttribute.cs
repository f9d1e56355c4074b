namespace Daso.Experiments;

/// <summary>The seeds that the experiment runs with, one run each. Without this attribute it runs once, with seed 1.</summary>
/// <param name="values">At least one, all different.</param>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class SeedsAttribute(params int[] values) : Attribute
{
    /// <summary>The seeds.</summary>
    public IReadOnlyList<int> Values { get; } = values;
}
