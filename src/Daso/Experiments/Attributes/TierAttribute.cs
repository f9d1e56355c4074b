namespace Daso.Experiments;

/// <summary>
/// A shorter or longer form of the experiment, chosen by <c>--tier</c>: what it sets takes the place of the experiment's own, what it
/// leaves out stays. A parameter's values in it are set by <see cref="TierParamsAttribute"/>. Repeat it for each. Another tier is another
/// specification: its results are not comparable with the experiment's own.
/// </summary>
/// <param name="name">For example tiny or full; unique in the experiment; lower-case letters, digits and single dashes.</param>
[AttributeUsage(AttributeTargets.Class, AllowMultiple = true, Inherited = false)]
public sealed class TierAttribute(string name) : Attribute
{
    /// <summary>The tier's name.</summary>
    public string Name { get; } = name;

    /// <summary>Epochs of training; 0: as the experiment says.</summary>
    public int Epochs { get; init; }

    /// <summary>Steps after which training ends; 0: it does not end early.</summary>
    public int Steps { get; init; }
}
