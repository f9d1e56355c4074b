using Daso.Generators.Model;
using Microsoft.CodeAnalysis;

namespace Daso.Generators.Parsing;

/// <summary>A type that a setting can have.</summary>
/// <param name="Kind">How it is written and read.</param>
/// <param name="Symbol">The type without the mark of null.</param>
/// <param name="IsNullable">Whether it can be null.</param>
internal sealed record SettingType(SettingKind Kind, ITypeSymbol Symbol, bool IsNullable)
{
    public bool IsNumber => Kind is SettingKind.Int32 or SettingKind.Int64 or SettingKind.Number;

    public bool IsWhole => Kind is SettingKind.Int32 or SettingKind.Int64;

    /// <summary>Null if the type can't be described.</summary>
    public static SettingType? Of(ITypeSymbol type)
    {
        bool isNullableValue = type.OriginalDefinition.SpecialType == SpecialType.System_Nullable_T;
        ITypeSymbol plain = isNullableValue
            ? ((INamedTypeSymbol)type).TypeArguments[0]
            : type.WithNullableAnnotation(NullableAnnotation.NotAnnotated);
        bool isNullable = isNullableValue || type.NullableAnnotation == NullableAnnotation.Annotated;
        return KindOf(plain) is { } kind ? new SettingType(kind, plain, isNullable) : null;
    }

    private static SettingKind? KindOf(ITypeSymbol type) => type switch
    {
        { SpecialType: SpecialType.System_Int32 } => SettingKind.Int32,
        { SpecialType: SpecialType.System_Int64 } => SettingKind.Int64,
        { SpecialType: SpecialType.System_Double } => SettingKind.Number,
        { SpecialType: SpecialType.System_Boolean } => SettingKind.Truth,
        { SpecialType: SpecialType.System_String } => SettingKind.Text,
        { SpecialType: not SpecialType.None } or { TypeKind: TypeKind.Error } => null,
        { TypeKind: TypeKind.Enum } => SettingKind.Choice,
        INamedTypeSymbol { IsReferenceType: true } when Attributes.Find(type, KnownNames.Specification) is not null => SettingKind.Part,
        INamedTypeSymbol { IsAbstract: true, IsReferenceType: true } when IsSpecification(type) && IsChecked(type) => SettingKind.AnyKind,
        INamedTypeSymbol when ReadsItsText(type) => SettingKind.Parsed,
        _ => null,
    };

    public static bool IsSpecification(ITypeSymbol type) =>
        type.AllInterfaces.Any(one => one.ToDisplayString() == KnownNames.SpecificationInterface);

    private static bool IsChecked(ITypeSymbol? type) => type is not null
        && (type.GetMembers(KnownNames.Validate).OfType<IMethodSymbol>().Any(method => method.Parameters.Length == 0) || IsChecked(type.BaseType));

    private static bool ReadsItsText(ITypeSymbol type) => type.AllInterfaces.Any(one =>
        one is { Name: "IParsable", TypeArguments.Length: 1 }
        && one.ContainingNamespace.ToDisplayString() == "System"
        && SymbolEqualityComparer.Default.Equals(one.TypeArguments[0], type));
}
