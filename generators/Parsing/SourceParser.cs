using Daso.Generators.Diagnostics;
using Daso.Generators.Model;
using Microsoft.CodeAnalysis;

namespace Daso.Generators.Parsing;

/// <summary>The member that [ParamsSource] names: it gives a parameter's values when a command needs them.</summary>
internal static class SourceParser
{
    public static MemberSpec? Parse(ExperimentScope scope, IPropertySymbol property, AttributeData attribute)
    {
        if (scope.Text(attribute, 0) is not { } name)
            return null;

        Location? Place() => Attributes.PlaceOf(attribute, 0, scope.Cancellation);
        if (MemberParser.Find(scope, name) is not { } member)
        {
            scope.Mistakes.Add(Rules.MemberNotFound, Place(), scope.Type.Name, name);
            return null;
        }

        ITypeSymbol type = MemberParser.TypeOf(member);
        if (type.TypeKind == TypeKind.Error)
        {
            scope.Mistakes.LeaveToCompiler();
            return null;
        }

        if (!member.IsStatic || !IsSequenceOf(type, property.Type))
        {
            string wanted = property.Type.ToDisplayString(SymbolDisplayFormat.MinimallyQualifiedFormat);
            scope.Mistakes.Add(Rules.ParameterSource, Place(), name, property.Name, wanted);
            return null;
        }

        GeneratedCodeRules.CheckUsable(scope, member, Place());
        return new MemberSpec(name, member.IsStatic, member is IMethodSymbol);
    }

    private static bool IsSequenceOf(ITypeSymbol type, ITypeSymbol item) =>
        type.NullableAnnotation != NullableAnnotation.Annotated
        && type.AllInterfaces.Concat([type]).OfType<INamedTypeSymbol>().Any(candidate =>
            candidate.OriginalDefinition.SpecialType == SpecialType.System_Collections_Generic_IEnumerable_T
            && SymbolEqualityComparer.Default.Equals(candidate.TypeArguments[0], item));
}
