using System.Collections.Concurrent;
using System.Collections.Immutable;
using Daso.Generators.Diagnostics;
using Daso.Generators.Model;
using Daso.Generators.Parsing;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;

namespace Daso.Generators;

/// <summary>
/// Reports what is wrong with experiment classes. It stands beside the generator and runs the same parser: a generator's own diagnostics
/// could not be silenced by a pragma, and their locations would spoil its caching.
/// </summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class ExperimentAnalyzer : DiagnosticAnalyzer
{
    /// <inheritdoc />
    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics { get; } =
    [
        Rules.NotPartial,
        Rules.WrongKindOfClass,
        Rules.NotConstructible,
        Rules.MissingAttribute,
        Rules.InvalidName,
        Rules.DuplicateExperiment,
        Rules.MemberNotFound,
        Rules.MemberOfWrongType,
        Rules.NotOneBaseline,
        Rules.DuplicateStrategy,
        Rules.ParameterType,
        Rules.ParameterNotSettable,
        Rules.ParameterWithoutValues,
        Rules.ParameterValue,
        Rules.DuplicateValue,
        Rules.DuplicateOption,
        Rules.OptionTaken,
        Rules.NoSeeds,
        Rules.DuplicateSeed,
        Rules.TooShort,
        Rules.TargetBound,
        Rules.UnknownMetric,
        Rules.NotAnExperiment,
        Rules.LinkForm,
        Rules.ParameterSource,
        Rules.TwoSources,
        Rules.EmptyTier,
        Rules.DuplicateWord,
        Rules.ReferenceBounds,
        Rules.UnknownStrategy,
        Rules.DuplicateReference,
        Rules.ReferenceUnit,
        Rules.UnknownTier,
        Rules.EpochsAndSteps,
        Rules.TierWithoutParameter,
        Rules.NameTaken,
        Rules.ObsoleteError,
        Rules.LanguageVersion,
        Rules.AlikeValues,
        Rules.OptionTypes,
        Rules.NothingToHold,
    ];

    /// <inheritdoc />
    public override void Initialize(AnalysisContext context)
    {
        // An experiment may itself be generated, or its file say so; with a mistake it would vanish without a word.
        context.ConfigureGeneratedCodeAnalysis(GeneratedCodeAnalysisFlags.Analyze | GeneratedCodeAnalysisFlags.ReportDiagnostics);
        context.EnableConcurrentExecution();
        context.RegisterCompilationStartAction(static start =>
        {
            if (start.Compilation.GetTypeByMetadataName(KnownNames.ExperimentMetadataName) is null)
                return;

            string root = GeneratedNames.RootNamespaceOf(
                start.Options.AnalyzerConfigOptionsProvider.GlobalOptions, start.Compilation.AssemblyName);
            INamedTypeSymbol? rival = GeneratedNames.RegistryRival(start.Compilation, root);
            var classes = new ConcurrentBag<INamedTypeSymbol>();
            var experiments = new ConcurrentBag<(INamedTypeSymbol Class, ExperimentSpec Experiment)>();
            start.RegisterSymbolAction(symbol => AnalyzeClass(symbol, classes, experiments), SymbolKind.NamedType);
            start.RegisterSymbolAction(AnalyzeProperty, SymbolKind.Property);
            start.RegisterSymbolAction(symbol => AnalyzeName(symbol, rival), SymbolKind.NamedType);
            start.RegisterCompilationEndAction(end => ReportDuplicates(end, classes));
            start.RegisterCompilationEndAction(end => ReportOptionTypes(end, experiments));
        });
    }

    private static void AnalyzeClass(
        SymbolAnalysisContext context,
        ConcurrentBag<INamedTypeSymbol> classes,
        ConcurrentBag<(INamedTypeSymbol Class, ExperimentSpec Experiment)> experiments)
    {
        var type = (INamedTypeSymbol)context.Symbol;
        if (ExperimentParser.Declared(type) is null)
        {
            foreach (string name in KnownNames.ClassAttributes)
                ReportNotAnExperiment(context, Attributes.Find(type, name), name, type);
            return;
        }

        classes.Add(type);
        var mistakes = new Mistakes(context.ReportDiagnostic);
        if (ExperimentParser.Parse(type, context.Compilation, mistakes, context.CancellationToken) is { } experiment)
            experiments.Add((type, experiment));
    }

    private static void AnalyzeProperty(SymbolAnalysisContext context)
    {
        if (context.Symbol.ContainingType is not { } type || ExperimentParser.Declared(type) is not null)
            return;

        foreach (string name in KnownNames.PropertyAttributes)
            ReportNotAnExperiment(context, Attributes.Find(context.Symbol, name), name, type);
    }

    private static void AnalyzeName(SymbolAnalysisContext context, INamedTypeSymbol? rival)
    {
        if (SymbolEqualityComparer.Default.Equals(context.Symbol, rival))
        {
            object[] arguments = [KnownNames.Registry, "the list of the project's experiments"];
            context.ReportDiagnostic(Diagnostic.Create(Rules.NameTaken, context.Symbol.Locations.FirstOrDefault(), arguments));
        }
    }

    private static void ReportNotAnExperiment(SymbolAnalysisContext context, AttributeData? attribute, string name, INamedTypeSymbol type)
    {
        if (attribute is null || context.IsGeneratedCode)
            return;

        Location? place = Attributes.Place(attribute, context.CancellationToken);
        context.ReportDiagnostic(Diagnostic.Create(Rules.NotAnExperiment, place, KnownNames.Short(name), type.Name));
    }

    private static void ReportOptionTypes(
        CompilationAnalysisContext context, IEnumerable<(INamedTypeSymbol Class, ExperimentSpec Experiment)> experiments)
    {
        var firstOf = new Dictionary<(string Suite, string Option), (string Experiment, string Type)>();
        foreach ((INamedTypeSymbol type, ExperimentSpec experiment) in experiments.OrderBy(one => one.Experiment.Name, StringComparer.Ordinal))
        {
            foreach (ParameterSpec parameter in experiment.Parameters)
            {
                if (!firstOf.TryGetValue((experiment.Suite, parameter.Option), out (string Experiment, string Type) first))
                {
                    firstOf.Add((experiment.Suite, parameter.Option), (experiment.Name, parameter.TypeName));
                }
                else if (first.Type != parameter.TypeName)
                {
                    Location? place = type.GetMembers(parameter.Name).FirstOrDefault()?.Locations.FirstOrDefault();
                    object[] arguments = [parameter.Option, first.Type, first.Experiment, parameter.TypeName, experiment.Name];
                    context.ReportDiagnostic(Diagnostic.Create(Rules.OptionTypes, place, arguments));
                }
            }
        }
    }

    private static void ReportDuplicates(CompilationAnalysisContext context, IEnumerable<INamedTypeSymbol> classes)
    {
        IEnumerable<IGrouping<(string Suite, string Name), INamedTypeSymbol>> byIdentity = classes
            .Select(type => (Type: type, Identity: ExperimentParser.Identity(ExperimentParser.Declared(type)!)))
            .Where(found => found.Identity is not null)
            .GroupBy(found => found.Identity!.Value, found => found.Type);
        foreach (IGrouping<(string Suite, string Name), INamedTypeSymbol> group in byIdentity)
        {
            INamedTypeSymbol[] types = [.. group.OrderBy(type => type.ToDisplayString(), StringComparer.Ordinal)];
            for (int i = 0; i < types.Length && types.Length > 1; i++)
            {
                Location? place = Attributes.PlaceOf(ExperimentParser.Declared(types[i])!, 0, context.CancellationToken);
                INamedTypeSymbol other = types[i == 0 ? 1 : 0];
                object[] arguments = [group.Key.Suite, group.Key.Name, $", class '{other.ToDisplayString()}'"];
                context.ReportDiagnostic(Diagnostic.Create(Rules.DuplicateExperiment, place, arguments));
            }
        }
    }
}
