using System.Globalization;
using Daso.Generators.Model;
using Daso.SharedRules;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Daso.Generators.Parsing;

/// <summary>A type that a parameter can have, and the text of its values as the command line would give them.</summary>
internal sealed class ParameterType
{
    private readonly ITypeSymbol _type;

    private ParameterType(ITypeSymbol type, ParameterKind kind, string userName, string mend)
    {
        _type = type;
        Kind = kind;
        UserName = userName;
        Mend = mend;
    }

    public ParameterKind Kind { get; }

    /// <summary>What a user may write.</summary>
    public string UserName { get; }

    /// <summary>How to write a value in source.</summary>
    public string Mend { get; }

    /// <summary>All values, where a type has few: false and true, or an enum's by their first names; null for other types.</summary>
    public IReadOnlyList<string>? All => Kind switch
    {
        ParameterKind.Truth => ["false", "true"],
        ParameterKind.Choice => [.. Choices(_type).GroupBy(c => c.ConstantValue).Select(same => same.First().Name)],
        _ => null,
    };

    /// <summary>The enum's fully qualified name; null for other kinds.</summary>
    public string? EnumName => Kind == ParameterKind.Choice ? _type.ToDisplayString(SymbolDisplayFormat.FullyQualifiedFormat) : null;

    /// <summary>Null if an option can't give values of the type.</summary>
    public static ParameterType? Of(ITypeSymbol type) => type switch
    {
        { SpecialType: SpecialType.System_Int32 } => new(type, ParameterKind.Integer, "integer", ValueForms.Integer),
        { SpecialType: SpecialType.System_Double } => new(type, ParameterKind.Number, "number", ValueForms.Number),
        { SpecialType: SpecialType.System_Boolean } => new(type, ParameterKind.Truth, "true/false", ValueForms.Truth),
        { SpecialType: SpecialType.System_String, NullableAnnotation: not NullableAnnotation.Annotated } =>
            new(type, ParameterKind.Text, "text", "a text in quotes"),
        INamedTypeSymbol { TypeKind: TypeKind.Enum } =>
            new(type, ParameterKind.Choice, string.Join("|", NamesOf(type)), ValueForms.OneOf(NamesOf(type))),
        _ => null,
    };

    /// <summary>A value as text; null if it is not of this type.</summary>
    public string? TextOf(TypedConstant value)
    {
        // An array's Value throws.
        if (value.Kind is not (TypedConstantKind.Primitive or TypedConstantKind.Enum))
            return null;

        bool isPlain = value.Kind == TypedConstantKind.Primitive;
        return (Kind, value.Value) switch
        {
            (ParameterKind.Integer, sbyte or byte or short or ushort or int) when isPlain =>
                Convert.ToString(value.Value, CultureInfo.InvariantCulture),
            (ParameterKind.Number, sbyte or byte or short or ushort or int or uint or long or ulong or float or double) when isPlain =>
                Finite(Convert.ToDouble(value.Value, CultureInfo.InvariantCulture)),
            (ParameterKind.Truth, bool truth) => truth ? "true" : "false",
            (ParameterKind.Text, string text) => text,
            (ParameterKind.Choice, { } number) when SymbolEqualityComparer.Default.Equals(value.Type, _type) =>
                Choices(_type).FirstOrDefault(c => number.Equals(c.ConstantValue))?.Name,
            _ => null,
        };
    }

    /// <summary>A value as it may have been written in source.</summary>
    public static string Written(TypedConstant value) => value.Kind == TypedConstantKind.Array ? "An array" : value.ToCSharpString();

    /// <summary>-0 is 0.</summary>
    private static string? Finite(double number) =>
        double.IsNaN(number) || double.IsInfinity(number) ? null : (number + 0.0).ToString("R", CultureInfo.InvariantCulture);

    private static IEnumerable<string> NamesOf(ITypeSymbol type) => Choices(type).Select(choice => choice.Name);

    private static IEnumerable<IFieldSymbol> Choices(ITypeSymbol type) =>
        type.GetMembers().OfType<IFieldSymbol>().Where(field => field.HasConstantValue);
}
