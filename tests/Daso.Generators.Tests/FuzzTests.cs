using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;

namespace Daso.Generators.Tests;

/// <summary>Broken code, as while typing, never makes the generator or the analyzer throw.</summary>
public sealed class FuzzTests
{
    public static TheoryData<string> Sources => [Samples.Rich, Samples.Wrong, Samples.Small("A", "a"), SpecificationSamples.Rich, SpecificationSamples.Wrong];

    [Theory]
    [MemberData(nameof(Sources))]
    public async Task Source_that_ends_at_any_token(string whole) =>
        await FeedAsync(whole, token => whole[..token.Span.End]);

    [Theory]
    [MemberData(nameof(Sources))]
    public async Task Source_that_lacks_any_token(string whole) =>
        await FeedAsync(whole, token => whole.Remove(token.SpanStart, token.Span.Length));

    [Fact]
    public void Class_whose_two_parts_are_both_experiments_gets_one_file()
    {
        GeneratorDriverRunResult result = Host.Generate(Host.Compile(Samples.Small("A", "a"), Samples.Small("A", "a")));
        Assert.Null(result.Results.Single().Exception);
    }

    private static async Task FeedAsync(string whole, Func<SyntaxToken, string> damage)
    {
        SyntaxNode root = await Host.Tree(whole, "file0.cs").GetRootAsync(TestContext.Current.CancellationToken);
        string[] sources = [.. root.DescendantTokens().Select(damage).Distinct()];
        FeedGenerator(new ExperimentGenerator(), sources);
        FeedGenerator(new SpecificationGenerator(), sources);
        if (await AnalyzeAsync(sources) is { } thrown)
            Assert.Fail($"{thrown}\n{await FirstThatThrowsAsync(sources)}");
    }

    /// <summary>One after the other, as while typing.</summary>
    private static void FeedGenerator(IIncrementalGenerator generator, string[] sources)
    {
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        Compilation compilation = Host.Compile(Samples.Rich);
        SyntaxTree whole = compilation.SyntaxTrees.Single(tree => tree.FilePath == "file0.cs");
        GeneratorDriver driver = Host.Driver(generator: generator);
        foreach (string source in sources)
        {
            driver = driver.RunGenerators(compilation.ReplaceSyntaxTree(whole, Host.Tree(source, whole.FilePath)), cancellation);
            Assert.True(driver.GetRunResult().Results.Single().Exception is null, source);
        }
    }

    /// <summary>All in one compilation, each in a namespace of its own, since the driver of analyzers costs most of the time.</summary>
    /// <returns>What the analyzer threw; null: nothing.</returns>
    private static async Task<Exception?> AnalyzeAsync(params string[] sources)
    {
        Compilation compilation = Host.Compile(
            [.. sources.Select((source, i) => source.Replace("Sample.Suites;", $"Sample.Suites{i};", StringComparison.Ordinal))]);
        Exception? thrown = null;
        var options = new CompilationWithAnalyzersOptions(
            new AnalyzerOptions([]),
            (exception, _, _) => thrown = exception,
            concurrentAnalysis: true,
            logAnalyzerExecutionTime: false);
        ImmutableArray<DiagnosticAnalyzer> analyzers = [new ExperimentAnalyzer(), new SpecificationAnalyzer()];
        await compilation.WithAnalyzers(analyzers, options).GetAnalyzerDiagnosticsAsync(TestContext.Current.CancellationToken);
        return thrown;
    }

    private static async Task<string?> FirstThatThrowsAsync(string[] sources)
    {
        foreach (string source in sources)
        {
            if (await AnalyzeAsync(source) is not null)
                return source;
        }

        return null;
    }
}
