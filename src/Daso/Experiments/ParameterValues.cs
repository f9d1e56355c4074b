using System.Globalization;
using Daso.SharedRules;

namespace Daso.Experiments;

/// <summary>One value of every parameter as text, turned into typed values by generated code.</summary>
/// <param name="texts">By <see cref="ParameterDefinition.Option"/>.</param>
public sealed class ParameterValues(IReadOnlyDictionary<string, string> texts)
{
    /// <summary>The texts by option.</summary>
    public IReadOnlyDictionary<string, string> Texts { get; } = texts;

    /// <summary>The text as it is.</summary>
    public string Text(string option) => Texts[option];

    /// <summary>A 32-bit integer.</summary>
    public int Integer(string option) =>
        int.TryParse(Texts[option], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int value)
            ? value
            : throw Wrong(option, ValueForms.Integer);

    /// <summary>A finite number.</summary>
    public double Number(string option) =>
        double.TryParse(Texts[option], NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && double.IsFinite(value)
            ? value
            : throw Wrong(option, ValueForms.Number);

    /// <summary>true or false.</summary>
    public bool Truth(string option) => bool.TryParse(Texts[option], out bool value) ? value : throw Wrong(option, ValueForms.Truth);

    /// <summary>A name of an enum, in any case.</summary>
    public T Choice<T>(string option)
        where T : struct, Enum
    {
        string text = Texts[option];
        foreach (T value in Enum.GetValues<T>())
        {
            if (string.Equals(Enum.GetName(value), text, StringComparison.OrdinalIgnoreCase))
                return value;
        }

        throw Wrong(option, ValueForms.OneOf(Enum.GetNames<T>()));
    }

    /// <summary>Typed values as the texts that a user would write for them.</summary>
    public static IReadOnlyList<string> TextsOf<T>(IEnumerable<T> values) => [.. values.Select(TextOf)];

    private static string TextOf<T>(T value) => value switch
    {
        bool truth => truth ? "true" : "false",
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => value?.ToString() ?? string.Empty,
    };

    private UserErrorException Wrong(string option, string form) =>
        new(CommonRules.ParameterValue.Say(Texts[option], $"--{option}", form));
}
