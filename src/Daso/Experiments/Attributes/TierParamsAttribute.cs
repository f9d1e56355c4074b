namespace Daso.Experiments;

/// <summary>A parameter's values in a tier, in place of those of <see cref="ParamsAttribute"/>; repeat it for each tier.</summary>
/// <param name="tier">The tier's name, declared by <see cref="TierAttribute"/>.</param>
/// <param name="values">As those of <see cref="ParamsAttribute"/>.</param>
[AttributeUsage(AttributeTargets.Property, AllowMultiple = true, Inherited = false)]
public sealed class TierParamsAttribute(string tier, params object[] values) : Attribute
{
    /// <summary>The tier's name.</summary>
    public string Tier { get; } = tier;

    /// <summary>The values, in the order that they run in.</summary>
    public IReadOnlyList<object> Values { get; } = values;
}
