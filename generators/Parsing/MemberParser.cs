using Daso.Generators.Diagnostics;
using Daso.Generators.Model;
using Microsoft.CodeAnalysis;

namespace Daso.Generators.Parsing;

/// <summary>Finds the members that attributes name.</summary>
internal static class MemberParser
{
    private static readonly SymbolDisplayFormat ShortWithNullability =
        SymbolDisplayFormat.MinimallyQualifiedFormat.AddMiscellaneousOptions(
            SymbolDisplayMiscellaneousOptions.IncludeNullableReferenceTypeModifier);

    /// <summary>The member that an attribute of the class names; null if that is wrong.</summary>
    /// <param name="scope">The class.</param>
    /// <param name="attribute">The attribute.</param>
    /// <param name="index">Which of its arguments is the name.</param>
    /// <param name="expected">The metadata name of the type that the member's has to be or derive from.</param>
    public static MemberSpec? Parse(ExperimentScope scope, AttributeData? attribute, int index, string expected)
    {
        if (attribute is null || scope.Text(attribute, index) is not { } name)
            return null;

        if (Find(scope, name) is not { } member)
        {
            scope.Mistakes.Add(Rules.MemberNotFound, Attributes.PlaceOf(attribute, index, scope.Cancellation), scope.Type.Name, name);
            return null;
        }

        ITypeSymbol type = TypeOf(member);
        if (!Fits(type, scope.Compilation.GetTypeByMetadataName(expected)))
        {
            string shortName = expected.Substring(expected.LastIndexOf('.') + 1);
            Location? place = Attributes.PlaceOf(attribute, index, scope.Cancellation);
            scope.Mistakes.Add(Rules.MemberOfWrongType, place, name, type.ToDisplayString(ShortWithNullability), shortName);
            return null;
        }

        GeneratedCodeRules.CheckUsable(scope, member, Attributes.PlaceOf(attribute, index, scope.Cancellation));
        return new MemberSpec(name, member.IsStatic, member is IMethodSymbol);
    }

    /// <summary>What a member that <see cref="Find"/> found gives.</summary>
    public static ITypeSymbol TypeOf(ISymbol member) =>
        member is IPropertySymbol property ? property.Type : ((IMethodSymbol)member).ReturnType;

    /// <summary>A property or parameterless method that the class can use, its own or inherited; null if another member hides it.</summary>
    public static ISymbol? Find(ExperimentScope scope, string name)
    {
        bool isMethod = false;
        for (INamedTypeSymbol? type = scope.Type; type is not null; type = type.BaseType)
        {
            ISymbol[] members = [.. type.GetMembers(name).Where(IsAccessible)];
            if (members.FirstOrDefault(IsUsable) is { } found)
                return isMethod && found is not IMethodSymbol ? null : found;
            if (members.Any(Hides))
                return null;
            isMethod |= members.OfType<IMethodSymbol>().Any();
        }

        return null;

        bool IsAccessible(ISymbol member) => scope.Compilation.IsSymbolAccessibleWithin(member, scope.Type);

        bool IsUsable(ISymbol member) => member is IPropertySymbol { IsIndexer: false, GetMethod: { } getter }
            ? IsAccessible(getter)
            : member is IMethodSymbol { MethodKind: MethodKind.Ordinary, Parameters.Length: 0, IsGenericMethod: false };
    }

    /// <summary>Whether a member that can't be used is what its name means all the same; other methods are overloads.</summary>
    private static bool Hides(ISymbol member) => member switch
    {
        IMethodSymbol method => !method.IsGenericMethod && method.Parameters.All(p => p.IsOptional || p.IsParams),
        IPropertySymbol { IsOverride: true, GetMethod: null } => false,
        _ => true,
    };

    private static bool Fits(ITypeSymbol type, INamedTypeSymbol? expected)
    {
        // Where a type does not compile, the compiler says so.
        if (expected is null || type.TypeKind == TypeKind.Error)
            return true;
        if (type.NullableAnnotation == NullableAnnotation.Annotated)
            return false;

        for (ITypeSymbol? ancestor = type; ancestor is not null; ancestor = ancestor.BaseType)
        {
            if (SymbolEqualityComparer.Default.Equals(ancestor, expected))
                return true;
        }

        return false;
    }
}
