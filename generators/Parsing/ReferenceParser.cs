using Daso.Generators.Diagnostics;
using Daso.Generators.Model;
using Daso.SharedRules;
using Microsoft.CodeAnalysis;

namespace Daso.Generators.Parsing;

/// <summary>The references of an experiment: what its strategies' figures are known to be.</summary>
internal static class ReferenceParser
{
    public static EquatableArray<ReferenceSpec> Parse(ExperimentScope scope, EquatableArray<TierSpec> tiers)
    {
        var references = new List<ReferenceSpec>();
        foreach (AttributeData attribute in Attributes.All(scope.Type, KnownNames.Reference))
        {
            if (Read(scope, attribute) is not { } reference)
                continue;

            CheckNames(scope, attribute, reference, tiers);
            CheckStrategy(scope, attribute, reference.Strategy);
            CheckFigure(scope, attribute, reference);
            if (references.Any(other => IsSameFigure(other, reference)))
            {
                Location? place = Attributes.Place(attribute, scope.Cancellation);
                scope.Mistakes.Add(
                    Rules.DuplicateReference, place, scope.Type.Name, reference.Metric, reference.Strategy, reference.System);
            }

            references.Add(reference);
        }

        return new([.. references]);
    }

    private static ReferenceSpec? Read(ExperimentScope scope, AttributeData attribute)
    {
        if (scope.Text(attribute, 0) is not { } system
            || scope.Text(attribute, 1) is not { } strategy
            || scope.Text(attribute, 2) is not { } metric)
        {
            return null;
        }

        if (attribute.ConstructorArguments.ElementAtOrDefault(3) is not { Kind: TypedConstantKind.Primitive, Value: double value })
        {
            scope.Mistakes.LeaveToCompiler();
            return null;
        }

        string unit = Attributes.Named(attribute, "Unit") is { } set ? set.Value as string ?? "" : "1";
        string? tier = Attributes.Named(attribute, "Tier")?.Value as string;
        return new ReferenceSpec(
            system, strategy, metric, value, Attributes.Number(attribute, "Lower"), Attributes.Number(attribute, "Upper"), unit, tier);
    }

    private static void CheckNames(
        ExperimentScope scope, AttributeData attribute, ReferenceSpec reference, EquatableArray<TierSpec> tiers)
    {
        Names.Check(scope.Mistakes, reference.System, "a system", () => Attributes.PlaceOf(attribute, 0, scope.Cancellation));
        if (reference.Tier is { } tier)
            TierParser.CheckKnown(scope, tiers, tier, Attributes.PlaceOf(attribute, "Tier", scope.Cancellation));
    }

    /// <summary>By the names that are written, since a strategy with a mistake of its own is missing among those that were parsed.</summary>
    private static void CheckStrategy(ExperimentScope scope, AttributeData attribute, string strategy)
    {
        IEnumerable<AttributeData> strategies = Attributes.All(scope.Type, KnownNames.Strategy);
        string[] known = [.. strategies.Select(declared => Attributes.Text(declared, 0)).OfType<string>().Distinct()];
        if (known.Length == 0 || known.Contains(strategy, StringComparer.Ordinal))
            return;

        Location? place = Attributes.PlaceOf(attribute, 1, scope.Cancellation);
        scope.Mistakes.Add(Rules.UnknownStrategy, place, scope.Type.Name, strategy, string.Join(", ", known));
    }

    private static void CheckFigure(ExperimentScope scope, AttributeData attribute, ReferenceSpec reference)
    {
        if (ReferenceMetrics.UnitsOf(reference.Metric) is not { } units)
        {
            Location? place = Attributes.PlaceOf(attribute, 2, scope.Cancellation);
            scope.Mistakes.Add(Rules.UnknownMetric, place, reference.Metric, string.Join(", ", ReferenceMetrics.Names));
        }
        else if (!units.Any(unit => unit.Name == reference.Unit))
        {
            Location? place = Attributes.PlaceOf(attribute, "Unit", scope.Cancellation);
            string known = string.Join(", ", units.Select(unit => unit.Name));
            scope.Mistakes.Add(Rules.ReferenceUnit, place, reference.Unit, reference.Metric, known);
        }

        AttributeData? target = scope.Find(KnownNames.Target);
        string quality = (target is null ? null : Attributes.Text(target, 0)) ?? QualityMetrics.Default;
        double largest = ReferenceMetrics.LargestOf(reference.Metric, quality);
        if (ReferenceRule.WhatIsWrong(reference.Value, reference.Lower, reference.Upper, largest) is { } wrong)
        {
            Location? place = Attributes.Place(attribute, scope.Cancellation);
            scope.Mistakes.Add(Rules.ReferenceBounds, place, reference.Metric, reference.Strategy, reference.System, wrong);
        }

        if (ReferenceMetrics.WhyNothingToHold(reference.Metric, IsBaseline(scope, reference.Strategy), target is not null) is { } why)
        {
            Location? place = Attributes.PlaceOf(attribute, 2, scope.Cancellation);
            scope.Mistakes.Add(Rules.NothingToHold, place, reference.Metric, reference.Strategy, reference.System, why);
        }
    }

    private static bool IsBaseline(ExperimentScope scope, string strategy) => Attributes.All(scope.Type, KnownNames.Strategy)
        .Any(declared => Attributes.Text(declared, 0) == strategy && StrategyParser.IsBaseline(declared));

    private static bool IsSameFigure(ReferenceSpec one, ReferenceSpec other) =>
        (one.System, one.Strategy, one.Metric, one.Tier) == (other.System, other.Strategy, other.Metric, other.Tier);
}
