using Daso.Generators.Diagnostics;
using Daso.Generators.Model;
using Daso.SharedRules;
using Microsoft.CodeAnalysis;

namespace Daso.Generators.Parsing;

/// <summary>The parameters of an experiment: its properties with [Params] or [ParamsSource], and [TierParams] beside them.</summary>
internal static class ParameterParser
{
    public static EquatableArray<ParameterSpec> Parse(ExperimentScope scope, EquatableArray<TierSpec> tiers)
    {
        var parameters = new List<ParameterSpec>();
        var ownerOf = new Dictionary<string, string>(StringComparer.Ordinal);
        IEnumerable<IPropertySymbol> properties = scope.Type.GetMembers()
            .OfType<IPropertySymbol>()
            .OrderBy(p => p.DeclaringSyntaxReferences.FirstOrDefault(), SourceOrder.Comparer);
        foreach (IPropertySymbol property in properties)
        {
            AttributeData? source = Attributes.Find(property, KnownNames.ParamsSource);
            if ((Attributes.Find(property, KnownNames.Params) ?? source) is not { } attribute)
            {
                if (Attributes.Find(property, KnownNames.TierParams) is { } alone)
                    scope.Mistakes.Add(Rules.TierWithoutParameter, Attributes.Place(alone, scope.Cancellation), property.Name);
                continue;
            }

            if (source is not null && source != attribute)
                scope.Mistakes.Add(Rules.TwoSources, Attributes.Place(source, scope.Cancellation), property.Name);
            GeneratedCodeRules.CheckUsable(scope, property, Name(property));
            string option = Option(scope, property, attribute, ownerOf);
            if (!IsSettable(property))
                scope.Mistakes.Add(Rules.ParameterNotSettable, Name(property), property.Name);
            else if (Parse(scope, tiers, property, attribute, option) is { } parameter)
                parameters.Add(parameter);
        }

        return new([.. parameters]);
    }

    private static ParameterSpec? Parse(
        ExperimentScope scope, EquatableArray<TierSpec> tiers, IPropertySymbol property, AttributeData attribute, string option)
    {
        bool hasSource = Attributes.Is(attribute, KnownNames.ParamsSource);
        if (property.Type.TypeKind == TypeKind.Error)
        {
            scope.Mistakes.LeaveToCompiler();
            return null;
        }

        if (ParameterType.Of(property.Type) is not { } type)
        {
            string written = property.Type.ToDisplayString(SymbolDisplayFormat.MinimallyQualifiedFormat);
            scope.Mistakes.Add(Rules.ParameterType, Name(property), property.Name, written);
            return null;
        }

        return new ParameterSpec(
            property.Name,
            option,
            type.Kind,
            type.EnumName,
            type.UserName,
            hasSource ? default : Values(scope, property, attribute, 0, type),
            hasSource ? SourceParser.Parse(scope, property, attribute) : null,
            TierValues(scope, tiers, property, type),
            Documentation.Summary(property, scope.Cancellation));
    }

    private static EquatableArray<TierValuesSpec> TierValues(
        ExperimentScope scope, EquatableArray<TierSpec> tiers, IPropertySymbol property, ParameterType type)
    {
        var sets = new List<TierValuesSpec>();
        foreach (AttributeData attribute in Attributes.All(property, KnownNames.TierParams))
        {
            if (scope.Text(attribute, 0) is not { } tier)
                continue;

            Location? place = Attributes.PlaceOf(attribute, 0, scope.Cancellation);
            TierParser.CheckKnown(scope, tiers, tier, place);
            if (sets.Any(set => set.Tier == tier))
                scope.Mistakes.Add(Rules.DuplicateWord, place, scope.Type.Name, $"values of '{property.Name}' for tier", tier);
            sets.Add(new TierValuesSpec(tier, Values(scope, property, attribute, 1, type)));
        }

        return new([.. sets]);
    }

    /// <summary>The values that an attribute gives, as text.</summary>
    /// <param name="scope">The class.</param>
    /// <param name="property">The parameter.</param>
    /// <param name="attribute">The attribute.</param>
    /// <param name="index">Which of its arguments holds the values.</param>
    /// <param name="type">The parameter's type.</param>
    private static EquatableArray<string> Values(
        ExperimentScope scope, IPropertySymbol property, AttributeData attribute, int index, ParameterType type)
    {
        if (Attributes.Items(attribute, index) is not { } items)
        {
            scope.Mistakes.LeaveToCompiler();
            return default;
        }

        if (items.Count == 0 && type.All is { Count: > 0 } all)
            return new([.. all]);
        if (items.Count == 0)
        {
            Location? place = Attributes.Place(attribute, scope.Cancellation);
            scope.Mistakes.Add(Rules.ParameterWithoutValues, place, property.Name, KnownNames.Short(attribute.AttributeClass!.Name));
        }

        var values = new List<string>();
        for (int i = 0; i < items.Count; i++)
        {
            Location? Place() => Attributes.PlaceOfItem(attribute, i, items.Count, scope.Cancellation, index);
            if (type.TextOf(items[i]) is not { } text)
                scope.Mistakes.Add(Rules.ParameterValue, Place(), ParameterType.Written(items[i]), $"parameter '{property.Name}'", type.Mend);
            else if (values.Contains(text))
                scope.Mistakes.Add(Rules.DuplicateValue, Place(), $"Parameter '{property.Name}'", ParameterType.Written(items[i]));
            else
                values.Add(text);
        }

        if (VariantName.Alike(values) is var (first, second))
        {
            Location? place = Attributes.Place(attribute, scope.Cancellation);
            scope.Mistakes.Add(Rules.AlikeValues, place, $"Parameter '{property.Name}'", first, second, VariantName.PartOf(first));
        }

        return new([.. values]);
    }

    private static string Option(
        ExperimentScope scope, IPropertySymbol property, AttributeData attribute, Dictionary<string, string> ownerOf)
    {
        string? set = Attributes.Named(attribute, "Option")?.Value as string;
        string option = set ?? Names.ToKebabCase(property.Name);
        Location? Place() => set is null ? Name(property) : Attributes.PlaceOf(attribute, "Option", scope.Cancellation);

        Names.Check(scope.Mistakes, option, "an option", Place, set is null ? "; set 'Option' on the attribute" : "");
        if (BuiltInOptions.Names.Contains(option, StringComparer.Ordinal))
            scope.Mistakes.Add(Rules.OptionTaken, Place(), property.Name, option);
        else if (ownerOf.TryGetValue(option, out string? owner))
            scope.Mistakes.Add(Rules.DuplicateOption, Place(), owner, property.Name, option);
        else
            ownerOf.Add(option, property.Name);
        return option;
    }

    private static bool IsSettable(IPropertySymbol property) =>
        property is { IsStatic: false, IsIndexer: false, SetMethod: not null, ExplicitInterfaceImplementations.Length: 0 };

    private static Location? Name(IPropertySymbol property) => property.Locations.FirstOrDefault();
}
