namespace Daso.Experiments;

/// <summary>Words to find the experiment by: <c>list --tag nightly</c>.</summary>
/// <param name="tags">At least one, all different; lower-case letters, digits and single dashes.</param>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class TagsAttribute(params string[] tags) : Attribute
{
    /// <summary>The words.</summary>
    public IReadOnlyList<string> Tags { get; } = tags;
}
