using Daso.Objectives;

namespace Daso.Experiments;

/// <summary>Says which member of the experiment gives what the model is trained for; without it: cross entropy with loss, accuracy and top5.</summary>
/// <param name="member">A property or a parameterless method that returns <see cref="ObjectiveSpec"/> or a type derived from it.</param>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class ObjectiveAttribute(string member) : Attribute
{
    /// <summary>The member's name; write it with <c>nameof</c>.</summary>
    public string Member { get; } = member;
}
