using Daso.Cluster;
using Daso.Experiments;

namespace Daso.Generators.Tests;

/// <summary>The specification hash changes exactly when something that changes the result does.</summary>
public sealed class SpecificationHashTests
{
    private const string Method = "private TinyData Digits() => new() { BatchPerRank = BatchPerRank };";

    [Theory]
    [InlineData("[Epochs(4)]", "// A remark.\n[Epochs(4)]")]
    [InlineData("A tiny network", "Another network")]
    [InlineData("[Seeds(7, 2)]\n[Epochs(4)]", "[Epochs(4),\n    Seeds(7,2)]")]
    [InlineData(Method, "private TinyData Digits() { int size = BatchPerRank; return new() { BatchPerRank = size }; }")]
    [InlineData("\"nightly\", \"gpu\"", "\"weekly\"")]
    [InlineData("Lower = -0.1, Upper = 0.05", "Lower = -0.2")]
    public void Text_that_changes_no_result_keeps_it(string old, string @new) => Assert.Equal(Hashes(Samples.Rich), Hashes(Changed(old, @new)));

    [Theory]
    [InlineData("new TinyRate(0.1)", "new TinyRate(0.2)")]
    [InlineData("new TinyOptimizer(Momentum)", "new TinyOptimizer(Momentum / 2)")]
    [InlineData("Overlap ? 2 : 1", "Overlap ? 3 : 1")]
    [InlineData("=> new(Collective)", "=> new(\"other\")")]
    [InlineData("[Epochs(4)]", "[Epochs(5)]")]
    [InlineData("[Seeds(7, 2)]", "[Seeds(7, 3)]")]
    [InlineData("1gbit,50us", "1gbit,51us")]
    [InlineData("AtLeast = 0.95", "AtLeast = 0.96")]
    [InlineData("nameof(Ddp), Baseline = true)]\n[Strategy(\"daso\", nameof(Daso))]", "nameof(Ddp))]\n[Strategy(\"daso\", nameof(Daso), Baseline = true)]")]
    public void What_changes_the_result_changes_it(string old, string @new) =>
        Assert.Empty(Hashes(Samples.Rich).Intersect(Hashes(Changed(old, @new))));

    [Fact]
    public void Variants_and_tiers_have_hashes_of_their_own()
    {
        string[] own = Hashes(Samples.Rich), tiny = Hashes(Samples.Rich, "tiny");

        // The tier has one batch size, the experiment two.
        Assert.Equal(2 * 2 * 2 * 2 * 2, own.Length);
        Assert.Equal(own.Length / 2, tiny.Length);
        Assert.Equal(own.Length + tiny.Length, own.Concat(tiny).Distinct().Count());
    }

    private static string Changed(string old, string @new)
    {
        Assert.Equal(2, Samples.Rich.Split(old).Length);
        return Samples.Rich.Replace(old, @new, StringComparison.Ordinal);
    }

    private static string[] Hashes(string source, string? tier = null)
    {
        ExperimentDefinition definition = Assert.Single(Host.Load(Host.Compile(source)));
        var options = new RunOptions { Topology = new Topology(2, 2), Tier = tier };
        return [.. SuitePlan.Expand(definition.Suite, [definition], options).Variants.Select(variant => variant.SpecificationHash)];
    }
}
