using System.Globalization;
using Daso.Generators.Diagnostics;
using Daso.Generators.Model;
using Daso.SharedRules;
using Microsoft.CodeAnalysis;

namespace Daso.Generators.Parsing;

/// <summary>Seeds, epochs or steps, the link and the target.</summary>
internal static class TrainingParser
{
    private const int DefaultSeed = 1;

    public static EquatableArray<int> Seeds(ExperimentScope scope)
    {
        if (scope.Find(KnownNames.Seeds) is not { } attribute)
            return new([DefaultSeed]);

        if (Attributes.Items(attribute) is not { } items)
        {
            scope.Mistakes.LeaveToCompiler();
            return default;
        }

        if (items.Count == 0)
            scope.Mistakes.Add(Rules.NoSeeds, Attributes.Place(attribute, scope.Cancellation), scope.Type.Name);

        var seeds = new List<int>();
        for (int i = 0; i < items.Count; i++)
        {
            if (items[i].Value is not int seed)
                scope.Mistakes.LeaveToCompiler();
            else if (seeds.Contains(seed))
                scope.Mistakes.Add(Rules.DuplicateSeed, Attributes.PlaceOfItem(attribute, i, items.Count, scope.Cancellation), Text(seed));
            else
                seeds.Add(seed);
        }

        return new([.. seeds]);
    }

    /// <summary>Epochs or steps; the other is 0.</summary>
    public static (int Epochs, int Steps) Length(ExperimentScope scope)
    {
        if (scope.Find(KnownNames.Steps) is not { } steps)
        {
            AttributeData? epochs = scope.Require(KnownNames.Epochs, "[Epochs(…)] or [Steps(…)] to say how long it trains");
            return epochs is null ? default : (Count(scope, epochs, "epochs"), 0);
        }

        if (scope.Find(KnownNames.Epochs) is not null)
            scope.Mistakes.Add(Rules.EpochsAndSteps, Attributes.Place(steps, scope.Cancellation), scope.Type.Name);
        return (0, Count(scope, steps, "steps"));
    }

    public static string? Link(ExperimentScope scope)
    {
        if (scope.Find(KnownNames.Link) is not { } attribute || scope.Text(attribute, 0) is not { } link)
            return null;

        if (LinkText.Parse(link) is null)
            scope.Mistakes.Add(Rules.LinkForm, Attributes.PlaceOf(attribute, 0, scope.Cancellation), link);
        return link;
    }

    public static TargetSpec? Target(ExperimentScope scope)
    {
        if (scope.Find(KnownNames.Target) is not { } attribute || scope.Text(attribute, 0) is not { } metric)
            return null;

        // The metrics of an objective of its own are known when the experiment is expanded.
        if (scope.Find(KnownNames.Objective) is null && !QualityMetrics.Names.Contains(metric, StringComparer.Ordinal))
        {
            Location? place = Attributes.PlaceOf(attribute, 0, scope.Cancellation);
            scope.Mistakes.Add(Rules.UnknownMetric, place, metric, string.Join(", ", QualityMetrics.Names));
        }

        double? atLeast = Attributes.Named(attribute, "AtLeast")?.Value as double?;
        double? atMost = Attributes.Named(attribute, "AtMost")?.Value as double?;
        if (TargetRule.WhatIsWrong(metric, atLeast, atMost) is { } wrong)
            scope.Mistakes.Add(Rules.TargetBound, Attributes.Place(attribute, scope.Cancellation), metric, wrong);
        return new TargetSpec(metric, atLeast is not null, atLeast ?? atMost ?? 0);
    }

    private static int Count(ExperimentScope scope, AttributeData attribute, string unit)
    {
        if (attribute.ConstructorArguments.FirstOrDefault() is not { Kind: TypedConstantKind.Primitive, Value: int count })
        {
            scope.Mistakes.LeaveToCompiler();
            return 0;
        }

        if (count < 1)
            scope.Mistakes.Add(Rules.TooShort, Attributes.PlaceOf(attribute, 0, scope.Cancellation), Text(count), unit);
        return count;
    }

    private static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);
}
