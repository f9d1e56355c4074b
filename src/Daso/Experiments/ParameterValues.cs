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

    /// <summary>A name of an enum, in any case; names that differ in nothing else are told apart by it.</summary>
    public T Choice<T>(string option)
        where T : struct, Enum
    {
        string text = Texts[option];
        string[] names = Enum.GetNames<T>();
        string? meant = names.FirstOrDefault(name => name == text)
            ?? names.FirstOrDefault(name => string.Equals(name, text, StringComparison.OrdinalIgnoreCase));
        return meant is null ? throw Wrong(option, ValueForms.OneOf(names)) : Enum.Parse<T>(meant);
    }

    /// <summary>Typed values as the texts that a user would write for them.</summary>
    public static IReadOnlyList<string> TextsOf<T>(IEnumerable<T> values) => [.. values.Select(TextOf)];

    /// <summary>A typed value as a user would write it; of an enum's names for one value the first.</summary>
    public static string TextOf<T>(T value) => value switch
    {
        bool truth => truth ? "true" : "false",
        double number => (number + 0.0).ToString(CultureInfo.InvariantCulture), // -0 is 0
        Enum choice => Array.Find(Enum.GetNames(typeof(T)), name => choice.Equals(Enum.Parse(typeof(T), name))) ?? choice.ToString(),
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => value?.ToString() ?? string.Empty,
    };

    private UserErrorException Wrong(string option, string form) =>
        new(CommonRules.ParameterValue.Say(Texts[option], $"--{option}", form));
}
