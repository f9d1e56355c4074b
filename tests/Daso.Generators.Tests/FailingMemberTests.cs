using Daso.Cluster;
using Daso.Experiments;

namespace Daso.Generators.Tests;

/// <summary>Members of an experiment class that fail when they are read, and that give null.</summary>
public sealed class FailingMemberTests
{
    private const string Parameter = "[ParamsSource(nameof(Values))] public {0} Width {{ get; init; }} private static {1}";

    [Theory]
    [InlineData("int", "int[] Values => throw new InvalidOperationException(\"no disk\");", "InvalidOperationException: no disk")]
    [InlineData("int", "int[] Values { get; } = [1 / int.Parse(\"0\")];", "DivideByZeroException: Attempted to divide by zero.")]
    [InlineData("int", "System.Collections.Generic.IEnumerable<int> Values() { yield return 1; throw new FormatException(\"odd\"); }", "FormatException: odd")]
    [InlineData("string", "string?[] Values => [\"a\", null];", "it gives null among its values; leave that out")]
    [InlineData("string", "string[] Values => null!;", "it gives null; let it give at least one value")]
    public void A_source_that_fails_is_named_by_the_experiment_that_needs_it(string type, string member, string reason)
    {
        string body = string.Format(System.Globalization.CultureInfo.InvariantCulture, Parameter, type, member);
        body = type == "string" ? body.Replace("get; init; }", "get; init; } = \"\";", StringComparison.Ordinal) : body;
        IReadOnlyList<ExperimentDefinition> registry = Host.Load(Host.Compile(Samples.Small("A", "a", body: body), Samples.Small("B", "b", suite: "other")));

        UserErrorException mistake = Assert.Throws<UserErrorException>(() => Expand(registry[^1]));
        Assert.Equal($"a: parameter Width of A: its source Values failed: {reason}", mistake.Message);
        Assert.Single(Expand(registry[0]).Variants);
    }

    [Theory]
    [InlineData("TinyModel Network => new(1);", "TinyModel Network => null!;", "a: A.Network gives null; let it give a specification")]
    [InlineData(
        "TinyStrategy Ddp => new(\"ddp\");", "TinyStrategy Ddp => throw new ArgumentException(\"B is too large\");", "a: A.Ddp failed: ArgumentException: B is too large")]
    [InlineData(
        "TinyRate Rate => new(0.1);", "TinyRate Rate { get; } = new(1 / int.Parse(\"0\"));", "a: A.Rate failed: DivideByZeroException: Attempted to divide by zero.")]
    [InlineData(
        "TinyRate Rate => new(0.1);", "TinyRate Rate => new(0.1); public A() => throw new FormatException(\"odd\");", "a: its class cannot be made: FormatException: odd")]
    public void A_member_that_fails_is_named(string old, string @new, string message)
    {
        string source = Samples.Small("A", "a").Replace(old, @new, StringComparison.Ordinal);
        ExperimentDefinition definition = Assert.Single(Host.Load(Host.Compile(source)));
        Assert.Equal(message, Assert.Throws<UserErrorException>(() => Expand(definition)).Message);
    }

    private static SuitePlan Expand(ExperimentDefinition definition) =>
        SuitePlan.Expand(definition.Suite, [definition], new RunOptions { Topology = new Topology(1, 1) });
}
