using Daso.Strategies;

namespace Daso.Experiments;

/// <summary>Adds a strategy to the experiment; repeat it for each. Exactly one of them is the baseline.</summary>
/// <param name="name">As in tables and on the command line; unique in the experiment; lower-case letters, digits and single dashes.</param>
/// <param name="member">A property or a parameterless method that returns <see cref="StrategySpec"/> or a type derived from it.</param>
[AttributeUsage(AttributeTargets.Class, AllowMultiple = true, Inherited = false)]
public sealed class StrategyAttribute(string name, string member) : Attribute
{
    /// <summary>The strategy's name.</summary>
    public string Name { get; } = name;

    /// <summary>The member's name; write it with <c>nameof</c>.</summary>
    public string Member { get; } = member;

    /// <summary>Whether the other strategies are compared with this one.</summary>
    public bool Baseline { get; init; }
}
