using System.Collections.Immutable;
using Daso.Generators.Diagnostics;
using Daso.Generators.Emitting;
using Daso.Generators.Model;
using Daso.Generators.Parsing;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Daso.Generators;

/// <summary>Gives every class with [Experiment] its definition and every project its registry of experiments.</summary>
[Generator]
public sealed class ExperimentGenerator : IIncrementalGenerator
{
    /// <inheritdoc />
    public void Initialize(IncrementalGeneratorInitializationContext context)
    {
        IncrementalValuesProvider<ExperimentSpec> experiments = context.SyntaxProvider
            .ForAttributeWithMetadataName(
                KnownNames.ExperimentMetadataName,
                static (node, _) => node is ClassDeclarationSyntax or RecordDeclarationSyntax,
                Parse)
            .Where(static spec => spec is not null)
            .Select(static (spec, _) => spec!)
            .WithTrackingName(StepNames.Experiments);
        IncrementalValueProvider<ImmutableArray<ExperimentSpec>> all = experiments.Collect();

        IncrementalValueProvider<EquatableArray<string>> alike = all.Select(static (specs, _) => AlikeButForCase(specs));
        context.RegisterSourceOutput(
            experiments.Combine(alike),
            static (output, pair) => output.AddSource(HintName(pair.Left.FullName, pair.Right), ExperimentEmitter.Emit(pair.Left)));

        IncrementalValueProvider<(RegistrySpec, string)?> registry = all
            .Select(static (specs, _) => RegistrySpec.Of(specs))
            .Combine(Namespace(context))
            .Select(static ((RegistrySpec Registry, string? Namespace) pair, CancellationToken _) =>
                pair.Namespace is null ? ((RegistrySpec, string)?)null : (pair.Registry, pair.Namespace))
            .WithTrackingName(StepNames.Registry);
        context.RegisterSourceOutput(registry, static (output, found) =>
        {
            if (found is var (spec, rootNamespace))
                output.AddSource("SuiteRegistry.g.cs", RegistryEmitter.Emit(spec, rootNamespace));
        });
    }

    private static ExperimentSpec? Parse(GeneratorAttributeSyntaxContext context, CancellationToken cancellation)
    {
        var type = (INamedTypeSymbol)context.TargetSymbol;

        // A class whose parts both have [Experiment] comes here twice, but gets one file.
        SyntaxReference? declared = ExperimentParser.Declared(type)?.ApplicationSyntaxReference;
        bool isHere = declared?.SyntaxTree == context.TargetNode.SyntaxTree && context.TargetNode.Span.Contains(declared.Span);
        return isHere ? ExperimentParser.Parse(type, context.SemanticModel.Compilation, new Mistakes(null), cancellation) : null;
    }

    /// <summary>The project's root namespace; null if it does not reference the library.</summary>
    private static IncrementalValueProvider<string?> Namespace(IncrementalGeneratorInitializationContext context)
    {
        IncrementalValueProvider<string?> assembly = context.CompilationProvider.Select(static (compilation, _) =>
            compilation.GetTypeByMetadataName(KnownNames.DefinitionMetadataName) is null ? null : compilation.AssemblyName ?? "");
        return context.AnalyzerConfigOptionsProvider
            .Select(static (options, _) =>
                options.GlobalOptions.TryGetValue("build_property.RootNamespace", out string? property) ? property : null)
            .Combine(assembly)
            .Select(static ((string? Property, string? Assembly) pair, CancellationToken _) =>
                pair.Assembly is null ? null : RootNamespace.From(pair.Property, pair.Assembly));
    }

    /// <summary>Classes whose names differ only by case, which file names do not tell apart; nearly always none.</summary>
    private static EquatableArray<string> AlikeButForCase(ImmutableArray<ExperimentSpec> specs)
    {
        IEnumerable<string> alike = specs
            .Select(spec => spec.FullName)
            .GroupBy(name => name, StringComparer.OrdinalIgnoreCase)
            .Where(names => names.Skip(1).Any())
            .SelectMany(names => names)
            .OrderBy(name => name, StringComparer.Ordinal);
        return new([.. alike]);
    }

    private static string HintName(string className, EquatableArray<string> alike)
    {
        int index = alike.TakeWhile(name => name != className).Count();
        string mark = index < alike.Count ? "." + Literal.Of(index + 1) : "";
        return className.Replace("@", "") + mark + ".g.cs";
    }
}
