namespace Daso.Experiments;

/// <summary>The emulated link between nodes that the experiment asks for; without it the link is unlimited. <c>--link</c> overrides it.</summary>
/// <param name="rateAndLatency">As <c>--link</c> takes it: a rate and, after a comma, a latency, for example 1gbit,50us.</param>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class LinkAttribute(string rateAndLatency) : Attribute
{
    /// <summary>The rate and the latency.</summary>
    public string RateAndLatency { get; } = rateAndLatency;
}
