using Daso.Cluster;
using Daso.Experiments;

namespace Daso.Generators.Tests;

/// <summary>A value is one value however it is written, and no other.</summary>
public sealed class NormalValueTests
{
    private const string Source =
        """
        [Params] public Letter Letter { get; init; }
        [Params(Speed.Slow)] public Speed Speed { get; init; }
        [Params(1)] public int Count { get; init; }
        [Params(0.5)] public double Share { get; init; }
        private TinyStrategy Ddp => new($"{Letter} {(int)Speed} {Count} {Share}");
        } public enum Letter { A, a } public enum Speed { Slow = 0, Default = 0, Fast = 1
        """;

    [Fact]
    public void Names_that_differ_by_case_are_told_apart()
    {
        Assert.Equal(["small-letter-A: A 0 1 0.5", "small-letter-a: a 0 1 0.5"], Kinds());
        Assert.Equal(["small: a 0 1 0.5"], Kinds(("letter", ["a"])));
    }

    [Theory]
    [InlineData("speed", "Default", "0 1 0.5")]
    [InlineData("speed", "fast", "1 1 0.5")]
    [InlineData("count", "+4", "0 4 0.5")]
    [InlineData("share", "-0.0", "0 1 0")]
    public void Every_listed_name_and_every_form_is_a_value(string option, string text, string expected) =>
        Assert.Equal([$"small: A {expected}"], Kinds(("letter", ["A"]), (option, [text])));

    [Theory]
    [InlineData("count", "8", "08", "8")]
    [InlineData("count", "4", "+4", "4")]
    [InlineData("share", "0", "-0.0", "0")]
    [InlineData("share", "0.5", "5e-1", "0.5")]
    [InlineData("speed", "Slow", "default", "Slow")]
    public void A_value_that_is_written_twice_in_two_ways_is_there_twice(string option, string first, string second, string value) => Assert.Equal(
        $"--{option} has the value {value} twice; remove one, or the same run is made twice",
        Assert.Throws<UserErrorException>(() => Kinds((option, [first, second]))).Message);

    private static string[] Kinds(params (string Option, string[] Texts)[] given)
    {
        string source = Samples.Small("A", "small", body: Source)
            .Replace("private static TinyStrategy Ddp => new(\"ddp\");", "", StringComparison.Ordinal);
        ExperimentDefinition definition = Assert.Single(Host.Load(Host.Compile(source)));
        var options = new RunOptions
        {
            Topology = new Topology(1, 1),
            Parameters = given.ToDictionary(one => one.Option, one => (IReadOnlyList<string>)one.Texts),
        };
        return [.. SuitePlan.Expand(definition.Suite, [definition], options).Variants.Select(variant =>
            $"{variant.Name}: {Specification.SpecificationWriter.ToJson(variant.Setup.Strategies[0])["kind"]}")];
    }
}
