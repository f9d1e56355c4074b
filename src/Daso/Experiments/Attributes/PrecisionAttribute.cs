using Daso.Training;

namespace Daso.Experiments;

/// <summary>Says which member of the experiment gives the format that a training computes in; without it: float32.</summary>
/// <param name="member">A property or a parameterless method that returns <see cref="PrecisionSpec"/> or a type derived from it.</param>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class PrecisionAttribute(string member) : Attribute
{
    /// <summary>The member's name; write it with <c>nameof</c>.</summary>
    public string Member { get; } = member;
}
