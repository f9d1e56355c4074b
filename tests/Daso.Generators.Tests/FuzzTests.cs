using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;

namespace Daso.Generators.Tests;

/// <summary>Broken code, as while typing, never makes the generator or the analyzer throw.</summary>
public sealed class FuzzTests
{
    [Fact]
    public async Task Source_that_ends_at_any_token() =>
        await FeedAsync((source, token) => source[..token.Span.End]);

    [Fact]
    public async Task Source_that_lacks_any_token() =>
        await FeedAsync((source, token) => source.Remove(token.SpanStart, token.Span.Length));

    [Fact]
    public void Class_whose_two_parts_are_both_experiments_gets_one_file()
    {
        GeneratorDriverRunResult result = Host.Generate(Host.Compile(Samples.Small("A", "a"), Samples.Small("A", "a")));
        Assert.Null(result.Results.Single().Exception);
    }

    private static async Task FeedAsync(Func<string, SyntaxToken, string> damage)
    {
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        Compilation compilation = Host.Compile(Samples.Rich);
        SyntaxTree whole = compilation.SyntaxTrees.Single(t => t.FilePath == "file0.cs");
        GeneratorDriver driver = Host.Driver();
        foreach (SyntaxToken token in whole.GetRoot(cancellation).DescendantTokens())
        {
            string source = damage(Samples.Rich, token);
            Compilation damaged = compilation.ReplaceSyntaxTree(whole, Host.Tree(source, whole.FilePath));

            driver = driver.RunGenerators(damaged, cancellation);
            Assert.True(driver.GetRunResult().Results.Single().Exception is null, source);

            Exception? thrown = null;
            var options = new CompilationWithAnalyzersOptions(
                new AnalyzerOptions([]),
                (exception, _, _) => thrown = exception,
                concurrentAnalysis: false,
                logAnalyzerExecutionTime: false);
            ImmutableArray<DiagnosticAnalyzer> analyzers = [new ExperimentAnalyzer()];
            await damaged.WithAnalyzers(analyzers, options).GetAnalyzerDiagnosticsAsync(cancellation);
            Assert.True(thrown is null, $"{thrown}\n{source}");
        }
    }
}
