namespace Daso.Experiments;

/// <summary>
/// Makes a partial top-level class an experiment: the generator adds its <see cref="ExperimentDefinition"/> as the static property
/// <c>Definition</c> and lists it in the project's <c>SuiteRegistry</c>.
/// </summary>
/// <param name="name">Unique in the suite; lower-case letters, digits and single dashes, because it names folders.</param>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class ExperimentAttribute(string name) : Attribute
{
    /// <summary>The experiment's name.</summary>
    public string Name { get; } = name;

    /// <summary>The suite that it belongs to, written as <see cref="Name"/> is.</summary>
    public required string Suite { get; init; }
}
