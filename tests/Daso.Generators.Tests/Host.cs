using System.Collections.Immutable;
using System.Reflection;
using Daso.Experiments;
using Daso.Specification;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Text;

namespace Daso.Generators.Tests;

/// <summary>Compiles sources against the library and runs the generators and the analyzers on them.</summary>
internal static class Host
{
    private const string Usings =
        """
        global using System;
        global using Daso.Data;
        global using Daso.Experiments;
        global using Daso.Models;
        global using Daso.Optimization;
        global using Daso.Strategies;
        """;

    // Only what the samples need: every compilation pays for each reference again.
    private static readonly string[] Referenced =
    [
        "System.Private.CoreLib", "System.Runtime", "System.Collections", "System.Text.Json", "TorchSharp", "Daso", "Daso.Generators.Tests",
    ];

    private static readonly MetadataReference[] References =
        [.. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!)
            .Split(Path.PathSeparator)
            .Where(path => Referenced.Contains(Path.GetFileNameWithoutExtension(path)))
            .Select(path => MetadataReference.CreateFromFile(path))];

    public static CSharpParseOptions Parsing { get; } = new(LanguageVersion.Latest, DocumentationMode.Diagnose);

    public static SyntaxTree Tree(string source, string path, CSharpParseOptions? options = null) =>
        CSharpSyntaxTree.ParseText(SourceText.From(source), options ?? Parsing, path);

    /// <summary>A compilation of these sources, called file0.cs, file1.cs, …</summary>
    public static CSharpCompilation Compile(params string[] sources) => Compile(Parsing, sources);

    public static CSharpCompilation Compile(CSharpParseOptions options, params string[] sources)
    {
        SyntaxTree[] trees =
        [
            Tree(Usings, "usings.cs", options),
            .. sources.Select((source, index) => Tree(source, $"file{index}.cs", options)),
        ];
        CSharpCompilationOptions settings = new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary)
            .WithNullableContextOptions(NullableContextOptions.Enable)
            .WithSpecificDiagnosticOptions([new("CS1591", ReportDiagnostic.Suppress)]);
        return CSharpCompilation.Create("Sample-Project", trees, References, settings);
    }

    public static CSharpGeneratorDriver Driver(
        string? rootNamespace = "Sample", ParseOptions? options = null, bool isTracked = true, IIncrementalGenerator? generator = null) => CSharpGeneratorDriver.Create(
        [(generator ?? new ExperimentGenerator()).AsSourceGenerator()],
        parseOptions: (CSharpParseOptions?)options ?? Parsing,
        optionsProvider: new BuildProperties(rootNamespace),
        driverOptions: new GeneratorDriverOptions(IncrementalGeneratorOutputKind.None, trackIncrementalGeneratorSteps: isTracked));

    public static GeneratorDriverRunResult Generate(
        Compilation compilation, string? rootNamespace = "Sample", IIncrementalGenerator? generator = null) =>
        Driver(rootNamespace, generator: generator).RunGenerators(compilation, TestContext.Current.CancellationToken).GetRunResult();

    /// <summary>Generated files by name.</summary>
    public static Dictionary<string, string> Texts(GeneratorDriverRunResult result) =>
        result.Results.Single().GeneratedSources.ToDictionary(s => s.HintName, s => s.SourceText.ToString());

    /// <summary>The compilation with its generated files; asserts that it has neither an error nor a warning.</summary>
    public static Compilation GenerateWithoutComplaint(
        Compilation compilation, string? rootNamespace = "Sample", IIncrementalGenerator? generator = null)
    {
        Driver(rootNamespace, compilation.SyntaxTrees.First().Options, generator: generator).RunGeneratorsAndUpdateCompilation(
            compilation, out Compilation output, out ImmutableArray<Diagnostic> diagnostics, TestContext.Current.CancellationToken);
        Assert.Empty(diagnostics);
        Assert.Empty(output.GetDiagnostics(TestContext.Current.CancellationToken).Where(d => d.Severity >= DiagnosticSeverity.Warning));
        return output;
    }

    /// <summary>The registry of a compilation, from its assembly.</summary>
    public static IReadOnlyList<ExperimentDefinition> Load(Compilation compilation)
    {
        Type registry = Emit(GenerateWithoutComplaint(compilation)).GetType("Sample.SuiteRegistry", throwOnError: true)!;
        return (IReadOnlyList<ExperimentDefinition>)registry.GetProperty("Experiments")!.GetValue(null)!;
    }

    /// <summary>The kinds of specifications of a compilation, from its assembly.</summary>
    public static IReadOnlyList<SpecificationKind> LoadKinds(Compilation compilation)
    {
        Assembly assembly = Emit(GenerateWithoutComplaint(compilation, generator: new SpecificationGenerator()));
        Type kinds = assembly.GetType("Sample.SpecificationKinds", throwOnError: true)!;
        return (IReadOnlyList<SpecificationKind>)kinds.GetProperty("All")!.GetValue(null)!;
    }

    private static Assembly Emit(Compilation compilation)
    {
        using var stream = new MemoryStream();
        Assert.True(compilation.Emit(stream, cancellationToken: TestContext.Current.CancellationToken).Success);
        return Assembly.Load(stream.ToArray());
    }

    /// <summary>What the analyzer reports, ordered by place.</summary>
    public static async Task<Diagnostic[]> AnalyzeAsync(Compilation compilation)
    {
        ImmutableArray<Diagnostic> diagnostics = await compilation
            .WithAnalyzers([new ExperimentAnalyzer(), new SpecificationAnalyzer()], new AnalyzerOptions([], new BuildProperties("Sample")))
            .GetAnalyzerDiagnosticsAsync(TestContext.Current.CancellationToken);
        return
        [
            .. diagnostics
                .OrderBy(d => d.Location.SourceTree?.FilePath, StringComparer.Ordinal)
                .ThenBy(d => d.Location.SourceSpan.Start)
                .ThenBy(d => d.Id, StringComparer.Ordinal),
        ];
    }

    private sealed class BuildProperties(string? rootNamespace) : AnalyzerConfigOptionsProvider
    {
        public override AnalyzerConfigOptions GlobalOptions { get; } = new Options(rootNamespace);

        public override AnalyzerConfigOptions GetOptions(SyntaxTree tree) => new Options(null);

        public override AnalyzerConfigOptions GetOptions(AdditionalText textFile) => new Options(null);
    }

    private sealed class Options(string? rootNamespace) : AnalyzerConfigOptions
    {
        public override bool TryGetValue(string key, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out string? value)
        {
            value = key == "build_property.RootNamespace" ? rootNamespace : null;
            return value is not null;
        }
    }
}
