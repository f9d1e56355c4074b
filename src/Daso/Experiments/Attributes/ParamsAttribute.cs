namespace Daso.Experiments;

/// <summary>
/// Makes a property a parameter: the experiment runs once for each combination of its parameters' values, and the command line gets an
/// option that replaces the values. The property has a set or init accessor and is an int, a double, a string, a bool or an enum.
/// </summary>
/// <param name="values">All different, each of the property's type; enums by their named values. Without any, a bool or an enum runs over
/// all of its values.</param>
[AttributeUsage(AttributeTargets.Property, Inherited = false)]
public sealed class ParamsAttribute(params object[] values) : Attribute
{
    /// <summary>The values, in the order that they run in.</summary>
    public IReadOnlyList<object> Values { get; } = values;

    /// <summary>The option without its dashes; by default the property's name in kebab case: BatchPerRank becomes batch-per-rank.</summary>
    public string? Option { get; init; }
}
