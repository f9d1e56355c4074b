using System.Text.Json.Nodes;
using Daso.Specification;
using Daso.Strategies;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Daso.Generators.Tests;

/// <summary>What is generated for a record with [Specification], and what is said of one that is wrong.</summary>
public sealed class SpecificationTests
{
    private const string Json =
        """{"kind":"average","file":"b.txt","interval":2,"bytes":10,"weight":0.5,"norm":1,"until":0,"outer":{"class":"x"},"timeout":"00:00:01"}""";

    [Fact]
    public void Code_of_a_specification_with_everything()
    {
        Dictionary<string, string> texts = Host.Texts(Host.Generate(Host.Compile(SpecificationSamples.Rich), generator: new SpecificationGenerator()));

        Assert.Equal(
            ["Sample.Suites.AverageSpec.g.cs", "Sample.Suites.HalfSpec.g.cs", "Sample.Suites.OuterSpec.g.cs", "SpecificationKinds.g.cs"],
            texts.Keys.Order(StringComparer.Ordinal));
        Snapshot.Match(texts["Sample.Suites.AverageSpec.g.cs"] + texts["SpecificationKinds.g.cs"], "Specification");
    }

    [Fact]
    public void Specification_is_read_checked_and_described()
    {
        IReadOnlyList<SpecificationKind> kinds = Host.LoadKinds(Host.Compile(SpecificationSamples.Rich));
        StrategySpec spec = SpecificationReader.Read<StrategySpec>(JsonNode.Parse(Json)!.AsObject(), kinds)!;
        spec.Validate();
        Assert.Equal(Json, SpecificationWriter.ToJson(spec).ToJsonString());

        string rich = Json.Replace("\"norm\":1,\"until\":0", "\"clip\":2,\"norm\":2,\"until\":7,\"isWarm\":true,\"wire\":\"BFloat16\"", StringComparison.Ordinal)
            .Replace("\"timeout\"", "\"optimizer\":{\"kind\":\"half\",\"rate\":1},\"timeout\"", StringComparison.Ordinal);
        spec = SpecificationReader.Read<StrategySpec>(JsonNode.Parse(rich)!.AsObject(), kinds)!;
        spec.Validate();
        Assert.Equal(rich, SpecificationWriter.ToJson(spec).ToJsonString());

        string wrong = rich.Replace("\"norm\":2", "\"norm\":1", StringComparison.Ordinal);
        Assert.Equal("norm 1 is cold", Mistake(wrong));
        Assert.Equal("AverageSpec: Interval is 0; it must be at least 1 (Steps from one average to the next)", Mistake(Changed("\"interval\":2", "\"interval\":0")));
        Assert.Equal("AverageSpec: Weight is 1; it must be at least 0 and below 1 (Weight of the old mean)", Mistake(Changed("\"weight\":0.5", "\"weight\":1")));
        Assert.Equal("AverageSpec: Bytes is 1001; it must be above 0 and at most 1000 (The largest message in bytes)", Mistake(Changed("\"bytes\":10", "\"bytes\":1001")));
        Assert.Equal("AverageSpec: Norm is 3; it must be one of 1, 2", Mistake(Changed("\"norm\":2", "\"norm\":3")));
        Assert.Equal("AverageSpec: Until is -1; it must be at least 1", Mistake(Changed("\"until\":7", "\"until\":-1")));

        string Changed(string old, string @new) => rich.Replace(old, @new, StringComparison.Ordinal);

        string Mistake(string json) => Assert.Throws<UserErrorException>(
            SpecificationReader.Read<StrategySpec>(JsonNode.Parse(json)!.AsObject(), kinds)!.Validate).Message;
    }

    [Fact]
    public async Task Every_mistake_is_reported_where_it_is()
    {
        Diagnostic[] diagnostics = await Host.AnalyzeAsync(Host.Compile(SpecificationSamples.Wrong));

        Snapshot.Match(string.Join("\n", diagnostics.Select(one => one.ToString())), "SpecificationDiagnostics");
    }

    [Fact]
    public async Task Specification_with_everything_has_no_mistake() =>
        Assert.Empty(await Host.AnalyzeAsync(Host.Compile(SpecificationSamples.Rich)));

    [Theory]
    [InlineData("=> Path.Substring", "=> \"\" + Path.Substring", 0)]
    [InlineData("[Above(0), AtMost(1000)]", "[Above(0), AtMost(2000)]", 1)]
    [InlineData("in bytes.", "in octets.", 1)]
    [InlineData("\"average\"", "\"mean\"", 2)]
    public void Edit_makes_anew_only_what_it_changes(string old, string @new, int outputs)
    {
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        CSharpCompilation first = Host.Compile(SpecificationSamples.Rich, "class Unrelated { }");
        SyntaxTree before = first.SyntaxTrees.Single(tree => tree.FilePath == "file0.cs");
        SyntaxTree after = Host.Tree(SpecificationSamples.Rich.Replace(old, @new, StringComparison.Ordinal), before.FilePath);
        Assert.NotEqual(before.ToString(), after.ToString());

        GeneratorRunResult second = Host.Driver(generator: new SpecificationGenerator())
            .RunGenerators(first, cancellation)
            .RunGenerators(first.ReplaceSyntaxTree(before, after), cancellation)
            .GetRunResult().Results.Single();

        IncrementalStepRunReason[] reasons = [.. second.TrackedSteps[StepNames.Specifications].SelectMany(step => step.Outputs).Select(one => one.Reason)];
        Assert.Equal(3, reasons.Length);
        Assert.Equal(outputs == 0 ? 0 : 1, reasons.Count(one => one == IncrementalStepRunReason.Modified));
        Assert.All(reasons.Where(one => one != IncrementalStepRunReason.Modified), one => Assert.True(one is IncrementalStepRunReason.Cached or IncrementalStepRunReason.Unchanged));
        Assert.Equal(outputs, second.TrackedOutputSteps.SelectMany(one => one.Value).SelectMany(one => one.Outputs)
            .Count(one => one.Reason is IncrementalStepRunReason.Modified or IncrementalStepRunReason.New));
    }
}
