using Daso.Models;

namespace Daso.Experiments;

/// <summary>Says which member of the experiment gives the model.</summary>
/// <param name="member">A property or a parameterless method that returns <see cref="ModelSpec"/> or a type derived from it.</param>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class ModelAttribute(string member) : Attribute
{
    /// <summary>The member's name; write it with <c>nameof</c>.</summary>
    public string Member { get; } = member;
}
