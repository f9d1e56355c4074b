using Daso.Generators.Diagnostics;
using Daso.Generators.Model;
using Microsoft.CodeAnalysis;

namespace Daso.Generators.Parsing;

/// <summary>The tiers and the tags of an experiment.</summary>
internal static class TierParser
{
    public static EquatableArray<TierSpec> Tiers(ExperimentScope scope)
    {
        var tiers = new List<TierSpec>();
        foreach (AttributeData attribute in Attributes.All(scope.Type, KnownNames.Tier))
        {
            if (scope.Text(attribute, 0) is not { } name)
                continue;

            Location? Place() => Attributes.PlaceOf(attribute, 0, scope.Cancellation);
            Names.Check(scope.Mistakes, name, "a tier", Place);
            if (tiers.Any(tier => tier.Name == name))
                scope.Mistakes.Add(Rules.DuplicateWord, Place(), scope.Type.Name, "tier", name);

            int epochs = Count(attribute, "Epochs"), steps = Count(attribute, "Steps");
            if (epochs < 0 || steps < 0 || (epochs == 0 && steps == 0 && !IsNamedByParameter(scope, name)))
                scope.Mistakes.Add(Rules.EmptyTier, Attributes.Place(attribute, scope.Cancellation), name);
            tiers.Add(new TierSpec(name, epochs, steps));
        }

        return new([.. tiers]);
    }

    /// <summary>Reports a tier that is named but not declared.</summary>
    public static void CheckKnown(ExperimentScope scope, EquatableArray<TierSpec> tiers, string name, Location? place)
    {
        if (tiers.Any(tier => tier.Name == name))
            return;

        string mend = tiers.Count == 0 ? $"add [Tier(\"{name}\", …)]" : "write one of " + string.Join(", ", tiers.Select(tier => tier.Name));
        scope.Mistakes.Add(Rules.UnknownTier, place, scope.Type.Name, name, mend);
    }

    public static EquatableArray<string> Tags(ExperimentScope scope)
    {
        if (scope.Find(KnownNames.Tags) is not { } attribute)
            return default;

        if (Attributes.Items(attribute) is not { } items)
        {
            scope.Mistakes.LeaveToCompiler();
            return default;
        }

        var tags = new List<string>();
        for (int i = 0; i < items.Count; i++)
        {
            string tag = items[i].Value as string ?? "";
            Location? Place() => Attributes.PlaceOfItem(attribute, i, items.Count, scope.Cancellation);
            Names.Check(scope.Mistakes, tag, "a tag", Place);
            if (tags.Contains(tag))
                scope.Mistakes.Add(Rules.DuplicateWord, Place(), scope.Type.Name, "tag", tag);
            tags.Add(tag);
        }

        return new([.. tags]);
    }

    private static bool IsNamedByParameter(ExperimentScope scope, string tier) => scope.Type.GetMembers()
        .OfType<IPropertySymbol>()
        .SelectMany(property => Attributes.All(property, KnownNames.TierParams))
        .Any(attribute => Attributes.Text(attribute, 0) == tier);

    private static int Count(AttributeData attribute, string name) => Attributes.Named(attribute, name)?.Value as int? ?? 0;
}
