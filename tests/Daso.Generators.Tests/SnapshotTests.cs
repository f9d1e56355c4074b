namespace Daso.Generators.Tests;

/// <summary>Generated code as a reader sees it, also compiled.</summary>
public sealed class SnapshotTests
{
    [Fact]
    public void Definition_of_an_experiment_with_everything()
    {
        var compilation = Host.Compile(Samples.Rich);

        Host.GenerateWithoutComplaint(compilation);
        Snapshot.Match(Host.Texts(Host.Generate(compilation))["Sample.Suites.DigitsTiny.g.cs"], "Experiment");
    }

    [Fact]
    public async Task Diagnostics_as_the_compiler_prints_them()
    {
        var diagnostics = await Host.AnalyzeAsync(Host.Compile(Samples.Wrong));

        Snapshot.Match(string.Join("\n", diagnostics.Select(diagnostic => diagnostic.ToString())), "Diagnostics");
    }

    [Fact]
    public void Registry_is_ordered_by_suite_then_name()
    {
        var compilation = Host.Compile(
            Samples.Small("A", "zebra"), Samples.Small("B", "ant"), Samples.Small("C", "middle", suite: "another"));

        Host.GenerateWithoutComplaint(compilation);
        Snapshot.Match(Host.Texts(Host.Generate(compilation))["SuiteRegistry.g.cs"], "Registry");
    }
}
