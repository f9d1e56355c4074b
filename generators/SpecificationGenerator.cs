using System.Collections.Immutable;
using Daso.Generators.Diagnostics;
using Daso.Generators.Emitting;
using Daso.Generators.Model;
using Daso.Generators.Parsing;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Daso.Generators;

/// <summary>Gives every record with [Specification] its description, its checks and its reader, and every project the list of its kinds.</summary>
[Generator]
public sealed class SpecificationGenerator : IIncrementalGenerator
{
    /// <inheritdoc />
    public void Initialize(IncrementalGeneratorInitializationContext context)
    {
        IncrementalValuesProvider<SpecificationModel> specifications = context.SyntaxProvider
            .ForAttributeWithMetadataName(
                KnownNames.SpecificationMetadataName,
                static (node, _) => node is TypeDeclarationSyntax,
                static (found, cancellation) => SpecificationParser.Parse(
                    (INamedTypeSymbol)found.TargetSymbol, found.SemanticModel.Compilation, new Mistakes(null), cancellation))
            .Where(static model => model is not null)
            .Select(static (model, _) => model!)
            .WithTrackingName(StepNames.Specifications);
        IncrementalValueProvider<ImmutableArray<SpecificationModel>> all = specifications.Collect();
        IncrementalValueProvider<EquatableArray<string>> alike = all.Select(static (models, _) =>
            HintNames.AlikeButForCase([.. models.Select(model => model.FullName), KnownNames.Kinds]));
        context.RegisterSourceOutput(
            specifications.Combine(alike),
            static (output, pair) => output.AddSource(HintNames.Of(pair.Left.FullName, pair.Right), SpecificationEmitter.Emit(pair.Left)));

        IncrementalValueProvider<(EquatableArray<KindModel> Kinds, string Namespace)> kinds = all
            .Select(static (models, _) => KindsOf(models))
            .Combine(context.CompilationProvider
                .Combine(context.AnalyzerConfigOptionsProvider)
                .Select(static (pair, _) => GeneratedNames.RootNamespaceOf(pair.Right.GlobalOptions, pair.Left.AssemblyName)))
            .WithTrackingName(StepNames.Kinds);
        context.RegisterSourceOutput(kinds, static (output, found) =>
        {
            if (found.Kinds.Count > 0)
                output.AddSource(KnownNames.Kinds + ".g.cs", KindsEmitter.Emit(found.Kinds, found.Namespace));
        });
    }

    private static EquatableArray<KindModel> KindsOf(ImmutableArray<SpecificationModel> models) => new(
    [
        .. models
            .Where(model => model.Kind is not null)
            .Select(model => new KindModel(model.Kind!, model.FullName))
            .OrderBy(kind => kind.Type, StringComparer.Ordinal),
    ]);
}
