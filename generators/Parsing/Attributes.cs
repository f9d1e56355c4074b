using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Daso.Generators.Parsing;

/// <summary>Reads attributes of the library, also half-written ones, and finds the places of their arguments.</summary>
internal static class Attributes
{
    public static AttributeData? Find(ISymbol symbol, string name)
    {
        foreach (AttributeData attribute in symbol.GetAttributes())
        {
            if (Is(attribute, name))
                return attribute;
        }

        return null;
    }

    /// <summary>All of a name, in the order of the source.</summary>
    public static IEnumerable<AttributeData> All(ISymbol symbol, string name) =>
        symbol.GetAttributes().Where(a => Is(a, name)).OrderBy(a => a.ApplicationSyntaxReference, SourceOrder.Comparer);

    public static bool Is(AttributeData attribute, string name) =>
        attribute.AttributeClass is { } type
        && type.Name == name
        && type.ContainingNamespace.ToDisplayString() is KnownNames.AttributeNamespace or KnownNames.SpecificationNamespace;

    /// <summary>A text argument, empty for null; null if it is missing or does not compile.</summary>
    public static string? Text(AttributeData attribute, int index)
    {
        bool isText = attribute.ConstructorArguments.Length > index
            && attribute.ConstructorArguments[index] is { Kind: TypedConstantKind.Primitive, Type.SpecialType: SpecialType.System_String };
        return isText ? attribute.ConstructorArguments[index].Value as string ?? "" : null;
    }

    /// <summary>The items of a params argument; null if it does not compile.</summary>
    public static IReadOnlyList<TypedConstant>? Items(AttributeData attribute, int index = 0)
    {
        TypedConstant array = attribute.ConstructorArguments.ElementAtOrDefault(index);
        if (array.Kind != TypedConstantKind.Array)
            return null;
        if (array.IsNull)
            return [];
        return array.Values.Any(v => v.Kind == TypedConstantKind.Error) ? null : array.Values;
    }

    public static TypedConstant? Named(AttributeData attribute, string name)
    {
        foreach (KeyValuePair<string, TypedConstant> argument in attribute.NamedArguments)
        {
            if (argument.Key == name && argument.Value.Kind != TypedConstantKind.Error)
                return argument.Value;
        }

        return null;
    }

    /// <summary>A number that a property of the attribute is set to; null if it is not set, or to NaN, which means that.</summary>
    public static double? Number(AttributeData attribute, string name) =>
        Named(attribute, name)?.Value is double number && !double.IsNaN(number) ? number : null;

    public static Location? Place(AttributeData attribute, CancellationToken cancellation) =>
        attribute.ApplicationSyntaxReference?.GetSyntax(cancellation).GetLocation();

    /// <summary>Where a constructor argument is written; the attribute if it can't be told.</summary>
    public static Location? PlaceOf(AttributeData attribute, int index, CancellationToken cancellation) =>
        Argument(attribute, index, cancellation)?.Expression.GetLocation() ?? Place(attribute, cancellation);

    /// <summary>Where an item of a params argument is written, also in an array; the attribute if it can't be told.</summary>
    public static Location? PlaceOfItem(AttributeData attribute, int item, int items, CancellationToken cancellation, int index = 0)
    {
        List<AttributeArgumentSyntax> written = Written(attribute, cancellation);
        IReadOnlyList<SyntaxNode> elements = ElementsOf(Argument(attribute, index, cancellation)?.Expression);
        if (written.Count == index + 1 && elements.Count == items)
            return elements[item].GetLocation();

        return written.Count == index + items ? written[index + item].Expression.GetLocation() : Place(attribute, cancellation);
    }

    /// <summary>Where a property of the attribute is set; the attribute if it is not.</summary>
    public static Location? PlaceOf(AttributeData attribute, string name, CancellationToken cancellation)
    {
        var syntax = attribute.ApplicationSyntaxReference?.GetSyntax(cancellation) as AttributeSyntax;
        AttributeArgumentSyntax? argument =
            syntax?.ArgumentList?.Arguments.FirstOrDefault(a => a.NameEquals?.Name.Identifier.ValueText == name);
        return argument?.GetLocation() ?? Place(attribute, cancellation);
    }

    private static AttributeArgumentSyntax? Argument(AttributeData attribute, int index, CancellationToken cancellation)
    {
        List<AttributeArgumentSyntax> written = Written(attribute, cancellation);
        string? name = attribute.AttributeConstructor?.Parameters.ElementAtOrDefault(index)?.Name;
        return written.FirstOrDefault(a => a.NameColon is { } colon && colon.Name.Identifier.ValueText == name)
            ?? written.ElementAtOrDefault(index);
    }

    private static IReadOnlyList<SyntaxNode> ElementsOf(ExpressionSyntax? array) => array switch
    {
        ImplicitArrayCreationExpressionSyntax { Initializer: { } initializer } => initializer.Expressions,
        ArrayCreationExpressionSyntax { Initializer: { } initializer } => initializer.Expressions,
        CollectionExpressionSyntax collection => collection.Elements,
        _ => [],
    };

    private static List<AttributeArgumentSyntax> Written(AttributeData attribute, CancellationToken cancellation)
    {
        var syntax = attribute.ApplicationSyntaxReference?.GetSyntax(cancellation) as AttributeSyntax;
        return syntax?.ArgumentList?.Arguments.Where(a => a.NameEquals is null).ToList() ?? [];
    }
}
