namespace Daso.Specification;

/// <summary>
/// A partial record whose properties are the settings of something that defines a result. The generator writes its <c>Describe</c>, its
/// <c>Validate</c> and its <c>Read</c> from them: each property that can be set is a setting, is named in camel case (or by
/// JsonPropertyName) and stands in the JSON in the order of the source, those of base records first (or by JsonPropertyOrder). A rule over
/// several settings is the body of <c>partial void ValidateTogether()</c>.
/// </summary>
/// <param name="kind">The value of "kind", which comes first; null: a specification that is only ever a part of others has none.</param>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class SpecificationAttribute(string? kind = null) : Attribute
{
    /// <summary>The value of "kind"; null: none.</summary>
    public string? Kind { get; } = kind;
}

/// <summary>A number is at least this. Whatever its bounds, a number of a specification is finite.</summary>
/// <param name="value">The bound, which is allowed.</param>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Parameter)]
public sealed class AtLeastAttribute(double value) : Attribute
{
    /// <summary>The bound.</summary>
    public double Value { get; } = value;
}

/// <summary>A number is above this.</summary>
/// <param name="value">The bound, which is not allowed.</param>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Parameter)]
public sealed class AboveAttribute(double value) : Attribute
{
    /// <summary>The bound.</summary>
    public double Value { get; } = value;
}

/// <summary>A number is at most this.</summary>
/// <param name="value">The bound, which is allowed.</param>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Parameter)]
public sealed class AtMostAttribute(double value) : Attribute
{
    /// <summary>The bound.</summary>
    public double Value { get; } = value;
}

/// <summary>A number is below this.</summary>
/// <param name="value">The bound, which is not allowed.</param>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Parameter)]
public sealed class BelowAttribute(double value) : Attribute
{
    /// <summary>The bound.</summary>
    public double Value { get; } = value;
}

/// <summary>A number is one of these.</summary>
/// <param name="values">All that are allowed.</param>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Parameter)]
public sealed class OneOfAttribute(params double[] values) : Attribute
{
    /// <summary>All that are allowed.</summary>
    public IReadOnlyList<double> Values { get; } = values;
}

/// <summary>A setting that is no part of the specification, its JSON and its hash: two runs that differ in it are the same benchmark.</summary>
/// <param name="reason">Why it changes no result.</param>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Parameter)]
public sealed class NotInHashAttribute(string reason) : Attribute
{
    /// <summary>Why it changes no result.</summary>
    public string Reason { get; } = reason;
}

/// <summary>
/// A setting is described by another member's value: by what is in force where null leaves that open, say, or by a folder's name without
/// the place where one machine has it. That value is what is read back.
/// </summary>
/// <param name="member">A property of the same record and of the same type, but for null.</param>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Parameter)]
public sealed class DescribedByAttribute(string member) : Attribute
{
    /// <summary>The member's name.</summary>
    public string Member { get; } = member;
}

/// <summary>Null is written as this value; without the attribute a setting that is null is left out.</summary>
/// <param name="value">A value that the setting can't have.</param>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Parameter)]
public sealed class NullAsAttribute(object value) : Attribute
{
    /// <summary>What stands for null.</summary>
    public object Value { get; } = value;
}

/// <summary>
/// A setting is left out where it has this value: for one that is younger than the records of runs, and whose value then was this one, so
/// that their hashes stay those of the same benchmark.
/// </summary>
/// <param name="value">The value of all who do not name it.</param>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Parameter)]
public sealed class OmittedWhenAttribute(object value) : Attribute
{
    /// <summary>The value that is not written.</summary>
    public object Value { get; } = value;
}
