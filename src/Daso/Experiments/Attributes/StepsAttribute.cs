namespace Daso.Experiments;

/// <summary>How long the experiment trains, where that is no number of epochs: the last epoch may be trained in part.</summary>
/// <param name="count">Steps of every rank, at least 1.</param>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class StepsAttribute(int count) : Attribute
{
    /// <summary>Steps of every rank.</summary>
    public int Count { get; } = count;
}
