using System.Globalization;
using Daso.Generators.Diagnostics;
using Daso.Generators.Emitting;
using Daso.Generators.Model;
using Microsoft.CodeAnalysis;

namespace Daso.Generators.Parsing;

/// <summary>From a setting's range attributes to what is checked and said.</summary>
internal static class SettingRange
{
    private static readonly (string Attribute, string Operator, string Words)[] s_bounds =
    [
        (KnownNames.AtLeast, ">=", "at least"),
        (KnownNames.Above, ">", "above"),
        (KnownNames.AtMost, "<=", "at most"),
        (KnownNames.Below, "<", "below"),
    ];

    public static RangeModel Parse(SettingScope scope, SettingType type)
    {
        var patterns = new List<string>();
        var words = new List<string>();
        double lowest = double.NegativeInfinity, highest = double.PositiveInfinity;
        bool isOpen = false;
        foreach ((string attribute, string @operator, string phrase) in s_bounds)
        {
            if (scope.Find(attribute) is not { } bound || Numbers(scope, type, bound) is not { Count: 1 } numbers)
                continue;
            double value = numbers[0];
            bool isLower = @operator[0] == '>';
            lowest = isLower ? Math.Max(lowest, value) : lowest;
            highest = isLower ? highest : Math.Min(highest, value);
            isOpen |= @operator.Length == 1;
            patterns.Add($"{@operator} {Literal.Of(value)}");
            words.Add($"{phrase} {Literal.Of(value)}");
        }

        if (lowest > highest || (isOpen && lowest == highest))
            scope.Wrong(Rules.SettingRange, scope.Setting.Name, "has bounds that no value keeps");

        if (scope.Find(KnownNames.OneOf) is { } choices && Numbers(scope, type, choices) is { } values)
        {
            if (values.Count == 0 || patterns.Count > 0)
                scope.Wrong(Rules.SettingRange, scope.Setting.Name, "has [OneOf] without a value or beside a bound");
            string[] literals = [.. values.Select(Literal.Of)];
            return new RangeModel($"is {string.Join(" or ", literals)}", IsFinite: false, "one of " + string.Join(", ", literals));
        }

        if (type.Kind == SettingKind.Choice)
            return new RangeModel(null, IsFinite: false, "one of " + string.Join(", ", type.Symbol.GetMembers().OfType<IFieldSymbol>().Where(field => field.HasConstantValue).Select(field => field.Name)));

        bool isFinite = type.Kind == SettingKind.Number && (double.IsInfinity(lowest) || double.IsInfinity(highest));
        if (isFinite)
            words.Add("finite");
        return new RangeModel(patterns.Count == 0 ? null : "is " + string.Join(" and ", patterns), isFinite, string.Join(" and ", words));
    }

    /// <summary>A constant as source of the setting's type; null, and reported, if it is not of that type.</summary>
    public static string? Constant(SettingScope scope, SettingType type, AttributeData attribute)
    {
        TypedConstant value = attribute.ConstructorArguments.ElementAtOrDefault(0);

        // An array's Value throws.
        object? constant = value.Kind is TypedConstantKind.Primitive or TypedConstantKind.Enum ? value.Value : null;
        string? literal = (type.Kind, value.Kind, constant) switch
        {
            (SettingKind.Int32, TypedConstantKind.Primitive, int) or
            (SettingKind.Int64 or SettingKind.Number, TypedConstantKind.Primitive, int or long) =>
                Convert.ToString(constant, CultureInfo.InvariantCulture),
            (SettingKind.Number, TypedConstantKind.Primitive, double number) when IsFinite(number) => Literal.Of(number),
            (SettingKind.Truth, TypedConstantKind.Primitive, bool truth) => Literal.Of(truth),
            (SettingKind.Text, TypedConstantKind.Primitive, string text) => Literal.Of(text),
            (SettingKind.Choice, TypedConstantKind.Enum, not null) when SymbolEqualityComparer.Default.Equals(value.Type, type.Symbol) =>
                $"({scope.NameOf(type)})({Convert.ToString(constant, CultureInfo.InvariantCulture)})",
            _ => null,
        };
        if (value.Kind == TypedConstantKind.Error)
            scope.Mistakes.LeaveToCompiler();
        else if (literal is null)
            scope.Wrong(Rules.SettingRange, scope.Setting.Name, $"has [{KnownNames.Short(attribute.AttributeClass!.Name)}] with a value of another type");
        return literal;
    }

    /// <summary>The numbers of a range attribute; null, and reported, where the setting can't have them.</summary>
    private static IReadOnlyList<double>? Numbers(SettingScope scope, SettingType type, AttributeData attribute)
    {
        TypedConstant argument = attribute.ConstructorArguments.ElementAtOrDefault(0);
        IReadOnlyList<TypedConstant> constants = argument.Kind == TypedConstantKind.Array ? Attributes.Items(attribute) ?? [] : [argument];
        if (constants.Any(one => one.Value is not double))
        {
            scope.Mistakes.LeaveToCompiler();
            return null;
        }

        string name = KnownNames.Short(attribute.AttributeClass!.Name);
        double[] values = [.. constants.Select(one => (double)one.Value!)];
        if (!type.IsNumber)
            scope.Wrong(Rules.SettingRange, scope.Setting.Name, $"is no number and has [{name}]");
        else if (!values.All(IsFinite) || (type.IsWhole && values.Any(value => Math.Floor(value) != value || Math.Abs(value) > 1L << 53)))
            scope.Wrong(Rules.SettingRange, scope.Setting.Name, $"has [{name}] with a number that it can't have");
        else if (type.Kind == SettingKind.Int32 && values.Any(value => value is < int.MinValue or > int.MaxValue))
            scope.Wrong(Rules.SettingRange, scope.Setting.Name, $"has [{name}] with a number that it can't have");
        else
            return values;
        return null;
    }

    private static bool IsFinite(double number) => !double.IsNaN(number) && !double.IsInfinity(number);
}
