using Daso.Generators.Diagnostics;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Daso.Generators.Parsing;

/// <summary>What the class itself must be.</summary>
internal static class ClassRules
{
    public static void Check(ExperimentScope scope)
    {
        if (!IsPartial(scope))
            scope.Mistakes.Add(Rules.NotPartial, scope.ClassName, scope.Type.Name);

        if (WrongKind(scope.Type) is { } kind)
            scope.Mistakes.Add(Rules.WrongKindOfClass, scope.ClassName, scope.Type.Name, kind);
        else if (WhyNotConstructible(scope) is { } reason)
            scope.Mistakes.Add(Rules.NotConstructible, scope.ClassName, scope.Type.Name, reason);
    }

    private static bool IsPartial(ExperimentScope scope) =>
        scope.Type.DeclaringSyntaxReferences.Any(
            r => r.GetSyntax(scope.Cancellation) is TypeDeclarationSyntax part && part.Modifiers.Any(SyntaxKind.PartialKeyword));

    private static string? WrongKind(INamedTypeSymbol type)
    {
        if (type.ContainingType is not null)
            return "nested in another type";
        if (type.IsGenericType)
            return "generic";
        if (type.IsStatic)
            return "static";
        if (type.IsAbstract)
            return "abstract";
        return type.IsFileLocal ? "local to its file" : null;
    }

    private static string? WhyNotConstructible(ExperimentScope scope)
    {
        INamedTypeSymbol type = scope.Type;
        IMethodSymbol[] constructors =
            [.. type.InstanceConstructors.Where(c => c.Parameters.All(p => p.IsOptional || p.IsParams)).OrderBy(c => c.Parameters.Length)];
        if (constructors.Length == 0)
            return "has no constructor without arguments";

        IMethodSymbol constructor = constructors[0];
        if (constructors.Length > 1 && constructor.Parameters.Length > 0)
            return "has several constructors whose arguments may all be left out";

        GeneratedCodeRules.CheckUsable(scope, constructor, constructor.Locations.FirstOrDefault());
        if (constructor.GetAttributes().Any(a => a.AttributeClass?.Name == "SetsRequiredMembersAttribute"))
            return null;

        for (INamedTypeSymbol? declaring = type; declaring is not null; declaring = declaring.BaseType)
        {
            foreach (ISymbol member in declaring.GetMembers())
            {
                bool required = member is IPropertySymbol { IsRequired: true } or IFieldSymbol { IsRequired: true };
                if (required && !type.GetMembers(member.Name).Any(IsParameter))
                    return $"has the required member '{member.Name}', which is no parameter of its own";
            }
        }

        return null;
    }

    private static bool IsParameter(ISymbol member) =>
        Attributes.Find(member, KnownNames.Params) is not null || Attributes.Find(member, KnownNames.ParamsSource) is not null;
}
