using Daso.Generators.Diagnostics;
using Daso.Generators.Model;
using Microsoft.CodeAnalysis;

namespace Daso.Generators.Parsing;

/// <summary>From an experiment class to its specification: the only code that sees symbols. All rules are said here, once.</summary>
internal static class ExperimentParser
{
    private static readonly SymbolDisplayFormat NamespaceFormat =
        SymbolDisplayFormat.FullyQualifiedFormat.WithGlobalNamespaceStyle(SymbolDisplayGlobalNamespaceStyle.Omitted);

    /// <summary>The specification; null if anything is wrong with the class.</summary>
    /// <param name="type">A class with [Experiment].</param>
    /// <param name="compilation">The project.</param>
    /// <param name="mistakes">Gets what is wrong.</param>
    /// <param name="cancellation">Set when the user types on.</param>
    public static ExperimentSpec? Parse(INamedTypeSymbol type, Compilation compilation, Mistakes mistakes, CancellationToken cancellation)
    {
        if (Declared(type) is not { } experiment || type.TypeKind != TypeKind.Class)
            return null;

        var scope = new ExperimentScope(type, experiment, compilation, mistakes, cancellation);
        string? name = scope.Text(experiment, 0);
        string? suite = Suite(scope);
        CheckNames(scope, name, suite);

        EquatableArray<TierSpec> tiers = TierParser.Tiers(scope);
        EquatableArray<ParameterSpec> parameters = ParameterParser.Parse(scope, tiers);
        ClassRules.Check(scope);
        GeneratedCodeRules.Check(scope);
        cancellation.ThrowIfCancellationRequested();

        MemberSpec? model = Part(scope, KnownNames.Model, KnownNames.ModelSpec, "gives the model");
        MemberSpec? data = Part(scope, KnownNames.Data, KnownNames.DataSpec, "gives the data");
        MemberSpec? optimizer = Part(scope, KnownNames.Optimizer, KnownNames.OptimizerSpec, "gives the optimizer");
        MemberSpec? rate = Part(scope, KnownNames.LearningRate, KnownNames.LearningRateSpec, "gives the learning-rate schedule");
        MemberSpec? objective = MemberParser.Parse(scope, scope.Find(KnownNames.Objective), 0, KnownNames.ObjectiveSpec);
        MemberSpec? precision = MemberParser.Parse(scope, scope.Find(KnownNames.Precision), 0, KnownNames.PrecisionSpec);
        EquatableArray<StrategyEntry> strategies = StrategyParser.Parse(scope);
        EquatableArray<int> seeds = TrainingParser.Seeds(scope);
        (int epochs, int steps) = TrainingParser.Length(scope);
        string? link = TrainingParser.Link(scope);
        TargetSpec? target = TrainingParser.Target(scope);
        EquatableArray<ReferenceSpec> references = ReferenceParser.Parse(scope, tiers);
        EquatableArray<string> tags = TierParser.Tags(scope);
        cancellation.ThrowIfCancellationRequested();

        if (mistakes.Any || name is null || suite is null || model is null || data is null || optimizer is null || rate is null)
            return null;

        INamespaceSymbol space = type.ContainingNamespace;
        return new ExperimentSpec(
            space.IsGlobalNamespace ? "" : space.ToDisplayString(NamespaceFormat),
            type.ToDisplayString(SymbolDisplayFormat.MinimallyQualifiedFormat),
            type.IsRecord,
            suite,
            name,
            Documentation.Summary(type, cancellation),
            parameters,
            model,
            data,
            optimizer,
            rate,
            objective,
            precision,
            strategies,
            seeds,
            epochs,
            steps,
            link,
            target,
            tiers,
            references,
            tags);
    }

    /// <summary>The class's [Experiment]; the first in source order while a user has two.</summary>
    public static AttributeData? Declared(INamedTypeSymbol type) => Attributes.All(type, KnownNames.Experiment).FirstOrDefault();

    /// <summary>The suite and the name that a class asks for, right or wrong; null while they are not written.</summary>
    public static (string Suite, string Name)? Identity(AttributeData experiment) =>
        Attributes.Text(experiment, 0) is { } name && Attributes.Named(experiment, "Suite")?.Value is string suite ? (suite, name) : null;

    private static string? Suite(ExperimentScope scope)
    {
        string? suite = Attributes.Named(scope.Experiment, "Suite")?.Value as string;
        if (suite is null)
            scope.Mistakes.LeaveToCompiler();
        return suite;
    }

    private static void CheckNames(ExperimentScope scope, string? name, string? suite)
    {
        AttributeData experiment = scope.Experiment;
        if (name is not null)
            Names.Check(scope.Mistakes, name, "an experiment", () => Attributes.PlaceOf(experiment, 0, scope.Cancellation));
        if (suite is not null)
            Names.Check(scope.Mistakes, suite, "a suite", () => Attributes.PlaceOf(experiment, "Suite", scope.Cancellation));
    }

    private static MemberSpec? Part(ExperimentScope scope, string attribute, string type, string gives)
    {
        string mend = $"[{KnownNames.Short(attribute)}(nameof(…))] to say which member {gives}";
        return MemberParser.Parse(scope, scope.Require(attribute, mend), 0, type);
    }
}
