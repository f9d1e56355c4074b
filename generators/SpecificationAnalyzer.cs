using System.Collections.Concurrent;
using System.Collections.Immutable;
using Daso.Generators.Diagnostics;
using Daso.Generators.Parsing;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;

namespace Daso.Generators;

/// <summary>Reports what is wrong with specifications, by the generator's own parser.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class SpecificationAnalyzer : DiagnosticAnalyzer
{
    /// <inheritdoc />
    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics { get; } =
    [
        Rules.NameTaken,
        Rules.NotAPartialRecord,
        Rules.NotFromSettings,
        Rules.SettingType,
        Rules.SettingRange,
        Rules.DuplicateJsonName,
        Rules.NotInHash,
        Rules.DuplicateKind,
        Rules.NotASpecification,
    ];

    /// <inheritdoc />
    public override void Initialize(AnalysisContext context)
    {
        context.ConfigureGeneratedCodeAnalysis(GeneratedCodeAnalysisFlags.Analyze | GeneratedCodeAnalysisFlags.ReportDiagnostics);
        context.EnableConcurrentExecution();
        context.RegisterCompilationStartAction(static start =>
        {
            if (start.Compilation.GetTypeByMetadataName(KnownNames.SpecificationMetadataName) is null)
                return;

            var kinds = new ConcurrentBag<(string Kind, INamedTypeSymbol Type)>();
            start.RegisterSymbolAction(symbol => AnalyzeType(symbol, kinds), SymbolKind.NamedType);
            start.RegisterCompilationEndAction(end => ReportDuplicates(end, kinds));
        });
    }

    private static void AnalyzeType(SymbolAnalysisContext context, ConcurrentBag<(string Kind, INamedTypeSymbol Type)> kinds)
    {
        var type = (INamedTypeSymbol)context.Symbol;
        if (Attributes.Find(type, KnownNames.Specification) is not { } attribute)
        {
            ReportNotASpecification(context, type);
            return;
        }

        if (attribute.ConstructorArguments.ElementAtOrDefault(0).Value is string kind)
            kinds.Add((kind, type));
        SpecificationParser.Parse(type, context.Compilation, new Mistakes(context.ReportDiagnostic), context.CancellationToken);
    }

    /// <summary>A base record's settings may have ranges: those that are derived from it have them, too.</summary>
    private static void ReportNotASpecification(SymbolAnalysisContext context, INamedTypeSymbol type)
    {
        if (type.IsAbstract && SettingType.IsSpecification(type))
            return;

        IEnumerable<ISymbol> holders = type.GetMembers().Where(member => member is IPropertySymbol)
            .Concat(type.IsRecord ? type.InstanceConstructors.SelectMany(constructor => constructor.Parameters) : []);
        foreach (ISymbol holder in holders)
        {
            foreach (AttributeData attribute in KnownNames.SettingAttributes.SelectMany(name => Attributes.All(holder, name)))
            {
                Location? place = Attributes.Place(attribute, context.CancellationToken);
                string name = KnownNames.Short(attribute.AttributeClass!.Name);
                context.ReportDiagnostic(Diagnostic.Create(Rules.NotASpecification, place, name, type.Name));
            }
        }
    }

    private static void ReportDuplicates(CompilationAnalysisContext context, IEnumerable<(string Kind, INamedTypeSymbol Type)> kinds)
    {
        var groups = kinds.GroupBy(one => (one.Kind, Root: SpecificationParser.Root(one.Type).ToDisplayString()), one => one.Type);
        foreach (INamedTypeSymbol[] types in groups.Select(group => group.OrderBy(type => type.ToDisplayString(), StringComparer.Ordinal).ToArray()))
        {
            foreach (INamedTypeSymbol type in types.Skip(1))
            {
                string what = $"has the kind of '{types[0].Name}'";
                context.ReportDiagnostic(Diagnostic.Create(Rules.DuplicateKind, type.Locations.FirstOrDefault(), type.Name, what));
            }
        }
    }
}
