using System.Runtime.CompilerServices;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Daso.Generators.Tests;

/// <summary>Each diagnostic has its page and its line in the release notes.</summary>
public sealed class DiagnosticPagesTests
{
    private static readonly string Repository = Path.GetFullPath(Path.Combine(Here(), "../../.."));

    private static readonly DiagnosticDescriptor[] s_rules =
        [.. new ExperimentAnalyzer().SupportedDiagnostics.Concat(new SpecificationAnalyzer().SupportedDiagnostics).Distinct()];

    [Fact]
    public void Every_diagnostic_has_a_page_that_its_help_link_names()
    {
        foreach (DiagnosticDescriptor rule in s_rules)
        {
            string page = $"docs/diagnostics/{rule.Id}.md";
            Assert.EndsWith("/" + page, rule.HelpLinkUri, StringComparison.Ordinal);
            string text = File.ReadAllText(Path.Combine(Repository, page));
            Assert.StartsWith($"# {rule.Id}: {rule.Title}\n", text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Every_diagnostic_is_in_the_release_notes_and_the_overview()
    {
        string notes = File.ReadAllText(Path.Combine(Repository, "generators/AnalyzerReleases.Unshipped.md"))
            + File.ReadAllText(Path.Combine(Repository, "generators/AnalyzerReleases.Shipped.md"));
        string overview = File.ReadAllText(Path.Combine(Repository, "docs/experiments.md"));
        Assert.Equal(s_rules.Length, notes.Split("\nDASO").Length - 1);
        foreach (DiagnosticDescriptor rule in s_rules)
        {
            Assert.Contains($"{rule.Id} | Daso | {rule.DefaultSeverity} | {rule.Title}", notes, StringComparison.Ordinal);
            Assert.Contains($"[{rule.Id}](diagnostics/{rule.Id}.md)", overview, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task The_example_of_the_documentation_has_no_mistake()
    {
        string page = File.ReadAllText(Path.Combine(Repository, "docs/experiments.md"));
        string example = page.Split("```csharp\n")[1].Split("\n```")[0];
        Assert.True(example.Split('\n').Length < 30);

        // Specifications of the models and strategies that it uses are not known here; the rules hold without them.
        CSharpCompilation compilation = Host.Compile(example);
        Assert.Empty(await Host.AnalyzeAsync(compilation));
        Assert.Contains("DigitsResNet18.g.cs", Host.Texts(Host.Generate(compilation)).Keys);
    }

    [Fact]
    public void The_documentation_shows_the_class_of_the_template()
    {
        string file = File.ReadAllText(Path.Combine(Repository, "src/Templates/daso-suite/WavesResNet.cs"));
        Assert.True(file.Split('\n').Length < 30);
        Assert.Contains($"```csharp\n{file}```", File.ReadAllText(Path.Combine(Repository, "docs/experiments.md")), StringComparison.Ordinal);
    }

    private static string Here([CallerFilePath] string path = "") => path;
}
