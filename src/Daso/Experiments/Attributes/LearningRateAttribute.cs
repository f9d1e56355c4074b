using Daso.Optimization;

namespace Daso.Experiments;

/// <summary>Says which member of the experiment gives the learning-rate schedule.</summary>
/// <param name="member">A property or a parameterless method that returns <see cref="LearningRateSpec"/> or a type derived from it.</param>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class LearningRateAttribute(string member) : Attribute
{
    /// <summary>The member's name; write it with <c>nameof</c>.</summary>
    public string Member { get; } = member;
}
