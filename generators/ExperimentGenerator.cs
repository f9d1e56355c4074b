using System.Collections.Immutable;
using Daso.Generators.Diagnostics;
using Daso.Generators.Emitting;
using Daso.Generators.Model;
using Daso.Generators.Parsing;
using Daso.Generators.Pipeline;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Diagnostics;

namespace Daso.Generators;

/// <summary>Gives every class with [Experiment] its definition and every project its registry of experiments.</summary>
[Generator]
public sealed class ExperimentGenerator : IIncrementalGenerator
{
    /// <inheritdoc />
    public void Initialize(IncrementalGeneratorInitializationContext context)
    {
        IncrementalValuesProvider<ExperimentSpec> experiments = Inputs(context)
            .Select(Parse)
            .Where(static spec => spec is not null)
            .Select(static (spec, _) => spec!)
            .WithTrackingName(StepNames.Experiments);
        IncrementalValueProvider<ImmutableArray<ExperimentSpec>> all = experiments.Collect();

        IncrementalValueProvider<EquatableArray<string>> alike = all.Select(static (specs, _) =>
            HintNames.AlikeButForCase([.. specs.Select(spec => spec.FullName), KnownNames.Registry]));
        context.RegisterSourceOutput(
            experiments.Combine(alike),
            static (output, pair) => output.AddSource(HintNames.Of(pair.Left.FullName, pair.Right), ExperimentEmitter.Emit(pair.Left)));

        IncrementalValueProvider<(RegistrySpec, string)?> registry = all
            .Select(static (specs, _) => RegistrySpec.Of(specs))
            .Combine(Namespace(context))
            .Select(static ((RegistrySpec Registry, string? Namespace) pair, CancellationToken _) =>
                pair.Namespace is null ? ((RegistrySpec, string)?)null : (pair.Registry, pair.Namespace))
            .WithTrackingName(StepNames.Registry);
        context.RegisterSourceOutput(registry, static (output, found) =>
        {
            if (found is var (spec, rootNamespace))
                output.AddSource(KnownNames.Registry + ".g.cs", RegistryEmitter.Emit(spec, rootNamespace));
        });
    }

    /// <summary>
    /// The classes that may be experiments. ForAttributeWithMetadataName would bind every experiment's attributes at every keystroke,
    /// wherever it is; this finds out from syntax which of them a change can touch.
    /// </summary>
    private static IncrementalValuesProvider<ExperimentInput> Inputs(IncrementalGeneratorInitializationContext context)
    {
        IncrementalValueProvider<Surroundings> surroundings = context.SyntaxProvider
            .CreateSyntaxProvider(
                static (node, _) => node is CompilationUnitSyntax,
                static (found, _) => DeclarationText.Of(found.Node))
            .Collect()
            .Combine(context.CompilationProvider.Select(static (compilation, _) => Surroundings.ProjectOf(compilation)))
            .Select(static ((ImmutableArray<string> Declarations, EquatableArray<int> Project) pair, CancellationToken _) =>
                Surroundings.Of(pair.Declarations, pair.Project));
        IncrementalValueProvider<WeakReference<Compilation>> compilation =
            context.CompilationProvider.Select(static (compilation, _) => new WeakReference<Compilation>(compilation));
        return context.SyntaxProvider
            .CreateSyntaxProvider(
                static (node, _) => node is (ClassDeclarationSyntax or RecordDeclarationSyntax) and TypeDeclarationSyntax { AttributeLists.Count: > 0 },
                static (found, _) => (TypeDeclarationSyntax)found.Node)
            .Combine(surroundings.Combine(compilation))
            .Select(static (pair, _) => new ExperimentInput(pair.Left, pair.Right.Left, pair.Right.Right))
            .WithTrackingName(StepNames.Inputs);
    }

    private static ExperimentSpec? Parse(ExperimentInput input, CancellationToken cancellation)
    {
        SemanticModel model = input.Compilation.GetSemanticModel(input.Declaration.SyntaxTree);
        if (model.GetDeclaredSymbol(input.Declaration, cancellation) is not { } type)
            return null;

        // A class whose parts both have [Experiment] comes here twice, but gets one file.
        SyntaxReference? declared = ExperimentParser.Declared(type)?.ApplicationSyntaxReference;
        bool isHere = declared?.SyntaxTree == input.Declaration.SyntaxTree && input.Declaration.Span.Contains(declared.Span);
        return isHere ? ExperimentParser.Parse(type, input.Compilation, new Mistakes(null), cancellation) : null;
    }

    /// <summary>The project's root namespace; null if it can't have a registry: without the library, say, or with a type of that name.</summary>
    private static IncrementalValueProvider<string?> Namespace(IncrementalGeneratorInitializationContext context) =>
        context.CompilationProvider
            .Combine(context.AnalyzerConfigOptionsProvider)
            .Select(static ((Compilation Compilation, AnalyzerConfigOptionsProvider Options) pair, CancellationToken _) =>
            {
                // The library itself has no experiments.
                INamedTypeSymbol? definition = pair.Compilation.GetTypeByMetadataName(KnownNames.DefinitionMetadataName);
                bool hasLibrary = definition is not null && !SymbolEqualityComparer.Default.Equals(definition.ContainingAssembly, pair.Compilation.Assembly);
                if (!hasLibrary || !GeneratedCodeRules.IsNewEnough(pair.Compilation))
                    return null;

                string root = GeneratedNames.RootNamespaceOf(pair.Options.GlobalOptions, pair.Compilation.AssemblyName);
                return GeneratedNames.RegistryRival(pair.Compilation, root) is null ? root : null;
            });
}
