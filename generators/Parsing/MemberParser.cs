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

        return new MemberSpec(name, member.IsStatic, member is IMethodSymbol);
    }

    /// <summary>What a member that <see cref="Find"/> found gives.</summary>
    public static ITypeSymbol TypeOf(ISymbol member) =>
        member is IPropertySymbol property ? property.Type : ((IMethodSymbol)member).ReturnType;

    /// <summary>A property or parameterless method that the class can use, its own or inherited.</summary>
    public static ISymbol? Find(ExperimentScope scope, string name)
    {
        for (INamedTypeSymbol? type = scope.Type; type is not null; type = type.BaseType)
        {
            foreach (ISymbol member in type.GetMembers(name))
            {
                bool usable = member is IPropertySymbol { IsIndexer: false, GetMethod: not null }
                    or IMethodSymbol { MethodKind: MethodKind.Ordinary, Parameters.Length: 0, IsGenericMethod: false };
                if (usable && scope.Compilation.IsSymbolAccessibleWithin(member, scope.Type))
                    return member;
            }
        }

        return null;
    }

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
