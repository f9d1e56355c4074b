using Daso.Generators.Diagnostics;
using Daso.Generators.Model;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Daso.Generators.Parsing;

/// <summary>From a record with [Specification] to what is generated for it. All rules are said here, once.</summary>
internal static class SpecificationParser
{
    private static readonly SymbolDisplayFormat NamespaceFormat =
        SymbolDisplayFormat.FullyQualifiedFormat.WithGlobalNamespaceStyle(SymbolDisplayGlobalNamespaceStyle.Omitted);

    /// <summary>The model; null if anything is wrong with the record.</summary>
    /// <param name="type">A type with [Specification].</param>
    /// <param name="compilation">The project.</param>
    /// <param name="mistakes">Gets what is wrong.</param>
    /// <param name="cancellation">Set when the user types on.</param>
    public static SpecificationModel? Parse(
        INamedTypeSymbol type, Compilation compilation, Mistakes mistakes, CancellationToken cancellation)
    {
        if (Attributes.Find(type, KnownNames.Specification) is not { } attribute)
            return null;

        Location? place = type.Locations.FirstOrDefault();
        if (WrongKind(type, cancellation) is { } reason)
        {
            mistakes.Add(Rules.NotAPartialRecord, place, type.Name, reason);
            return null;
        }

        string? kind = attribute.ConstructorArguments.ElementAtOrDefault(0).Value as string;
        if (kind is not null && kind.Trim().Length == 0)
            mistakes.Add(Rules.DuplicateKind, place, type.Name, "has no letter in its kind");
        CheckMembers(type, mistakes);
        IReadOnlyList<SettingModel> settings = SettingParser.Parse(type, kind, compilation, mistakes, cancellation);
        if (mistakes.Any)
            return null;

        IMethodSymbol? describe = Inherited(type, KnownNames.Describe, parameters: 1);
        IMethodSymbol? validate = Inherited(type, KnownNames.Validate, parameters: 0);
        INamespaceSymbol space = type.ContainingNamespace;
        return new SpecificationModel(
            space.IsGlobalNamespace ? "" : space.ToDisplayString(NamespaceFormat),
            type.ToDisplayString(SymbolDisplayFormat.MinimallyQualifiedFormat),
            kind,
            describe is not null,
            validate is not null,
            validate is { IsAbstract: false },
            new EquatableArray<SettingModel>([.. settings]));
    }

    /// <summary>What a kind tells apart from others: the first base record that is a specification; the record itself without one.</summary>
    public static INamedTypeSymbol Root(INamedTypeSymbol type)
    {
        INamedTypeSymbol root = type;
        while (root.BaseType is { SpecialType: not SpecialType.System_Object } @base && SettingType.IsSpecification(@base))
            root = @base;
        return root;
    }

    private static string? WrongKind(INamedTypeSymbol type, CancellationToken cancellation)
    {
        bool isPartial = type.DeclaringSyntaxReferences.Any(
            r => r.GetSyntax(cancellation) is TypeDeclarationSyntax part && part.Modifiers.Any(SyntaxKind.PartialKeyword));
        if (!type.IsRecord)
            return "no record";
        if (!isPartial)
            return "not partial";
        if (type.ContainingType is not null)
            return "nested in another type";
        if (type.IsGenericType)
            return "generic";
        if (type.IsAbstract)
            return "abstract";
        return type.IsFileLocal ? "local to its file" : null;
    }

    private static void CheckMembers(INamedTypeSymbol type, Mistakes mistakes)
    {
        Location? place = type.Locations.FirstOrDefault();
        IMethodSymbol? primary = SettingParser.PrimaryConstructor(type);
        bool hasHidden = type.InstanceConstructors.Any(constructor => constructor.Parameters.Length > 0
            && !SettingParser.IsCopy(constructor)
            && !SymbolEqualityComparer.Default.Equals(constructor, primary));
        if (hasHidden)
            mistakes.Add(Rules.NotFromSettings, place, type.Name, "has a constructor with arguments that are no settings");
        else if (primary is null && type.InstanceConstructors.All(constructor => constructor.Parameters.Length > 0))
            mistakes.Add(Rules.NotFromSettings, place, type.Name, "has no constructor that takes its settings");

        IFieldSymbol? field = type.GetMembers().OfType<IFieldSymbol>()
            .FirstOrDefault(one => one is { IsStatic: false, IsConst: false, IsReadOnly: false, AssociatedSymbol: null });
        if (field is not null)
            mistakes.Add(Rules.NotFromSettings, field.Locations.FirstOrDefault(), type.Name, $"has field '{field.Name}', which no JSON shows");

        string[] generated = [KnownNames.Describe, KnownNames.Validate, KnownNames.Read];
        foreach (ISymbol rival in generated.SelectMany(name => type.GetMembers(name)).Where(GeneratedNames.IsUsers))
        {
            object[] arguments = [rival.Name, "a method of each specification (ValidateTogether is yours)"];
            mistakes.Add(Rules.NameTaken, rival.Locations.FirstOrDefault(), arguments);
        }
    }

    /// <summary>A virtual or abstract method of a base record.</summary>
    private static IMethodSymbol? Inherited(INamedTypeSymbol type, string name, int parameters)
    {
        for (INamedTypeSymbol? one = type.BaseType; one is not null; one = one.BaseType)
        {
            IMethodSymbol? method = one.GetMembers(name).OfType<IMethodSymbol>()
                .FirstOrDefault(found => found.Parameters.Length == parameters && (found.IsVirtual || found.IsAbstract || found.IsOverride));
            if (method is not null)
                return method;
        }

        return null;
    }
}
