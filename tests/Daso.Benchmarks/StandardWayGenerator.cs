using Daso.Generators;
using Daso.Generators.Diagnostics;
using Daso.Generators.Emitting;
using Daso.Generators.Model;
using Daso.Generators.Parsing;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Daso.Benchmarks;

/// <summary>
/// <see cref="ExperimentGenerator"/> as it would be with ForAttributeWithMetadataName: what <c>generators/Pipeline</c> has to be faster than.
/// </summary>
internal sealed class StandardWayGenerator : IIncrementalGenerator
{
    /// <inheritdoc />
    public void Initialize(IncrementalGeneratorInitializationContext context)
    {
        IncrementalValuesProvider<ExperimentSpec> experiments = context.SyntaxProvider
            .ForAttributeWithMetadataName(
                KnownNames.ExperimentMetadataName,
                static (node, _) => node is ClassDeclarationSyntax or RecordDeclarationSyntax,
                static (found, cancellation) => ExperimentParser.Parse(
                    (INamedTypeSymbol)found.TargetSymbol, found.SemanticModel.Compilation, new Mistakes(null), cancellation))
            .Where(static spec => spec is not null)
            .Select(static (spec, _) => spec!);
        context.RegisterSourceOutput(
            experiments, static (output, spec) => output.AddSource(spec.FullName + ".g.cs", ExperimentEmitter.Emit(spec)));
        context.RegisterSourceOutput(
            experiments.Collect().Select(static (specs, _) => RegistrySpec.Of(specs)),
            static (output, registry) => output.AddSource(KnownNames.Registry + ".g.cs", RegistryEmitter.Emit(registry, "Sample")));
    }
}
