namespace Daso.Experiments;

/// <summary>How long the experiment trains; <see cref="StepsAttribute"/> says it in steps instead.</summary>
/// <param name="count">Passes over the training data, at least 1.</param>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class EpochsAttribute(int count) : Attribute
{
    /// <summary>Passes over the training data.</summary>
    public int Count { get; } = count;
}
