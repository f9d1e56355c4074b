namespace Daso.Experiments;

/// <summary>
/// As <see cref="ParamsAttribute"/>, with values that a member gives: for ranges and lists that several experiments share. They are read
/// when a command needs the experiment, and the same rules hold for them: at least one, all different, each of the property's type.
/// </summary>
/// <param name="member">A static property or parameterless method that returns a sequence of the property's type.</param>
[AttributeUsage(AttributeTargets.Property, Inherited = false)]
public sealed class ParamsSourceAttribute(string member) : Attribute
{
    /// <summary>The member's name; write it with <c>nameof</c>.</summary>
    public string Member { get; } = member;

    /// <summary>The option without its dashes; by default the property's name in kebab case.</summary>
    public string? Option { get; init; }
}
