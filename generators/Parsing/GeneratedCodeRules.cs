using Daso.Generators.Diagnostics;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Daso.Generators.Parsing;

/// <summary>What generated code needs in order to compile.</summary>
internal static class GeneratedCodeRules
{
    private const LanguageVersion Lowest = LanguageVersion.CSharp12;

    /// <summary>Whether the project's language version has all that generated code is written in.</summary>
    public static bool IsNewEnough(Compilation compilation) => ((CSharpCompilation)compilation).LanguageVersion >= Lowest;

    public static void Check(ExperimentScope scope)
    {
        INamedTypeSymbol type = scope.Type;
        if (!IsNewEnough(scope.Compilation))
        {
            string version = ((CSharpCompilation)scope.Compilation).LanguageVersion.ToDisplayString();
            scope.Mistakes.Add(Rules.LanguageVersion, scope.ClassName, type.Name, version, Lowest.ToDisplayString());
        }

        IEnumerable<ISymbol> rivals = type.GetMembers(KnownNames.Definition).Where(GeneratedNames.IsUsers);
        if (type.Name == KnownNames.Definition)
            scope.Mistakes.Add(Rules.NameTaken, scope.ClassName, type.Name, "each experiment's definition");
        else if (rivals.FirstOrDefault() is { } rival)
            scope.Mistakes.Add(Rules.NameTaken, rival.Locations.FirstOrDefault(), rival.Name, "each experiment's definition");
        CheckUsable(scope, type, scope.ClassName);
    }

    /// <summary>Reports what generated code uses and may not.</summary>
    public static void CheckUsable(ExperimentScope scope, ISymbol used, Location? place)
    {
        bool isError = used.GetAttributes().Any(attribute =>
            attribute.AttributeClass?.ToDisplayString() == "System.ObsoleteAttribute"
            && attribute.ConstructorArguments.ElementAtOrDefault(1) is { Kind: TypedConstantKind.Primitive, Value: true });
        bool isConstructor = used is IMethodSymbol { MethodKind: MethodKind.Constructor };
        if (isError)
            scope.Mistakes.Add(Rules.ObsoleteError, place, isConstructor ? scope.Type.Name : used.Name);
    }
}
