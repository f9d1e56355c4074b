using Daso.Generators.Diagnostics;
using Daso.Generators.Model;
using Microsoft.CodeAnalysis;

namespace Daso.Generators.Parsing;

/// <summary>From a property to a setting.</summary>
internal static class SettingParser
{
    private const string JsonNamespace = "System.Text.Json.Serialization";

    /// <summary>The settings of a record in the order of the JSON; what is wrong is reported.</summary>
    public static IReadOnlyList<SettingModel> Parse(
        INamedTypeSymbol type, string? kind, Compilation compilation, Mistakes mistakes, CancellationToken cancellation)
    {
        IMethodSymbol? constructor = PrimaryConstructor(type);
        var found = new List<(int Order, SettingScope Scope, SettingModel Setting)>();
        foreach (IPropertySymbol property in Properties(type, constructor))
        {
            cancellation.ThrowIfCancellationRequested();
            IParameterSymbol? parameter = constructor?.Parameters.FirstOrDefault(one => one.Name == property.Name);
            var scope = new SettingScope(type, property, parameter, compilation, mistakes);
            if (ParseOne(scope, cancellation) is { } setting)
                found.Add((Order(property), scope, setting));
        }

        var names = new HashSet<string>(StringComparer.Ordinal);
        if (kind is not null)
            names.Add("kind");
        foreach ((_, SettingScope scope, SettingModel setting) in found.Where(one => one.Setting.IsInHash))
        {
            if (!names.Add(setting.JsonName))
                scope.Wrong(Rules.DuplicateJsonName, setting.Name, setting.JsonName);
        }

        return [.. found.OrderBy(one => one.Order).Select(one => one.Setting)];
    }

    /// <summary>The constructor whose parameters are the record's first properties; null: it has no parameters.</summary>
    public static IMethodSymbol? PrimaryConstructor(INamedTypeSymbol type) => type.InstanceConstructors.FirstOrDefault(constructor =>
        constructor.Parameters.Length > 0
        && !IsCopy(constructor)
        && constructor.Parameters.All(parameter => Named(type, parameter.Name).Any()));

    /// <summary>Whether it is a record's copy constructor.</summary>
    public static bool IsCopy(IMethodSymbol constructor) =>
        constructor.Parameters.Length == 1
        && SymbolEqualityComparer.Default.Equals(constructor.Parameters[0].Type, constructor.ContainingType);

    /// <summary>The properties that hold something of their own, those of base records first, a record's own in the order of the source.</summary>
    private static IEnumerable<IPropertySymbol> Properties(INamedTypeSymbol type, IMethodSymbol? constructor)
    {
        var found = new List<IPropertySymbol>();
        if (type.BaseType is { SpecialType: not SpecialType.System_Object } @base)
            found.AddRange(Properties(@base, null));
        IEnumerable<IPropertySymbol> own = type.GetMembers()
            .OfType<IPropertySymbol>()
            .Where(property => !property.IsStatic && !property.IsIndexer && property.ExplicitInterfaceImplementations.Length == 0)
            .Where(property => property.SetMethod is not null || constructor?.Parameters.Any(one => one.Name == property.Name) == true)
            .OrderBy(property => property.DeclaringSyntaxReferences.FirstOrDefault(), SourceOrder.Comparer);
        foreach (IPropertySymbol property in own)
        {
            int hidden = found.FindIndex(one => one.Name == property.Name);
            if (hidden >= 0)
                found[hidden] = property;
            else
                found.Add(property);
        }

        return found;
    }

    private static SettingModel? ParseOne(SettingScope scope, CancellationToken cancellation)
    {
        IPropertySymbol property = scope.Setting;
        bool isInHash = IsInHash(scope);
        if (property.Type.TypeKind == TypeKind.Error)
        {
            scope.Mistakes.LeaveToCompiler();
            return null;
        }

        if (SettingType.Of(property.Type) is not { } type)
        {
            if (isInHash)
                scope.Wrong(Rules.SettingType, property.Name, property.Type.ToDisplayString(SymbolDisplayFormat.MinimallyQualifiedFormat));
            return null;
        }

        if (isInHash && scope.Parameter is null && !scope.Compilation.IsSymbolAccessibleWithin(property.SetMethod!, scope.Owner))
            scope.Wrong(Rules.NotFromSettings, scope.Owner.Name, $"has setting '{property.Name}', which it can't set");
        (string described, bool isDescribedNullable) = Described(scope, type);
        bool isWrittenNull = scope.Find(KnownNames.NullAs) is not null;
        if (isWrittenNull && !(type.IsNullable && (type.IsNumber || type.Kind == SettingKind.Text)))
            scope.Wrong(Rules.SettingRange, property.Name, "has [NullAs] and is neither a number nor a text that can be null");
        if (isDescribedNullable && scope.Find(KnownNames.OmittedWhen) is not null)
            scope.Wrong(Rules.SettingRange, property.Name, "has [OmittedWhen] and can be null, which is left out, too");
        return new SettingModel(
            property.Name,
            Json(property, "JsonPropertyNameAttribute")?.Value as string ?? CamelCase(property.Name),
            type.Kind,
            scope.NameOf(type),
            type.IsNullable,
            scope.Parameter?.Name,
            isInHash,
            described,
            isDescribedNullable,
            scope.Find(KnownNames.NullAs) is { } nullAs ? SettingRange.Constant(scope, type, nullAs) : null,
            scope.Find(KnownNames.OmittedWhen) is { } omitted ? SettingRange.Constant(scope, type, omitted) : null,
            SettingRange.Parse(scope, type),
            Meaning(scope, cancellation));
    }

    private static bool IsInHash(SettingScope scope)
    {
        if (scope.Find(KnownNames.NotInHash) is not { } attribute)
            return true;
        if (string.IsNullOrWhiteSpace(Attributes.Text(attribute, 0)))
            scope.Wrong(Rules.NotInHash, scope.Setting.Name, "says no reason");
        else if (scope.Setting.IsRequired || scope.Parameter is { HasExplicitDefaultValue: false })
            scope.Wrong(Rules.NotInHash, scope.Setting.Name, "has no value when the specification is read back");
        return false;
    }

    private static (string Name, bool IsNullable) Described(SettingScope scope, SettingType type)
    {
        if (scope.Find(KnownNames.DescribedBy) is not { } attribute || Attributes.Text(attribute, 0) is not { } name)
            return (scope.Setting.Name, type.IsNullable);

        IPropertySymbol? member = Named(scope.Owner, name).FirstOrDefault();
        if (member is not null
            && SettingType.Of(member.Type) is { } described
            && SymbolEqualityComparer.Default.Equals(described.Symbol, type.Symbol))
        {
            return (name, described.IsNullable);
        }

        scope.Wrong(Rules.SettingRange, scope.Setting.Name, $"is described by '{name}', which is no property of its type");
        return (scope.Setting.Name, type.IsNullable);
    }

    private static IEnumerable<IPropertySymbol> Named(INamedTypeSymbol type, string name)
    {
        for (INamedTypeSymbol? one = type; one is not null; one = one.BaseType)
        {
            foreach (IPropertySymbol property in one.GetMembers(name).OfType<IPropertySymbol>().Where(property => !property.IsStatic))
                yield return property;
        }
    }

    private static int Order(IPropertySymbol property) => Json(property, "JsonPropertyOrderAttribute")?.Value is int order ? order : 0;

    private static TypedConstant? Json(IPropertySymbol property, string attribute) => property.GetAttributes()
        .Where(one => one.AttributeClass?.Name == attribute && one.AttributeClass.ContainingNamespace.ToDisplayString() == JsonNamespace)
        .Select(one => (TypedConstant?)one.ConstructorArguments.ElementAtOrDefault(0))
        .FirstOrDefault();

    /// <summary>As System.Text.Json does it: BitsPerSecond → bitsPerSecond, LRDecay → lrDecay.</summary>
    private static string CamelCase(string name)
    {
        char[] letters = name.ToCharArray();
        for (int i = 0; i < letters.Length && char.IsUpper(letters[i]); i++)
        {
            bool wordBegins = i > 0 && i + 1 < letters.Length && !char.IsUpper(letters[i + 1]);
            if (wordBegins)
                break;
            letters[i] = char.ToLowerInvariant(letters[i]);
        }

        return new string(letters);
    }

    private static string Meaning(SettingScope scope, CancellationToken cancellation) => scope.Parameter is { } parameter
        ? Documentation.Parameter(scope.Owner, parameter.Name, cancellation)
        : Documentation.Summary(scope.Setting, cancellation);
}
