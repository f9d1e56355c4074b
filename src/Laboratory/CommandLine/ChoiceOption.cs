using System.CommandLine;

namespace Daso.CommandLine;

/// <summary>Options with a few values.</summary>
internal static class ChoiceOption
{
    private const string Json = "json";

    /// <summary>An option that takes one of some values; the first is the default.</summary>
    internal static Option<string> Of(string name, string description, params string[] values)
    {
        var option = new Option<string>(name) { Description = description, DefaultValueFactory = _ => values[0] };
        option.AcceptOnlyFromAmong(values);
        return option;
    }

    /// <summary>--format of a command that prints a table.</summary>
    internal static Option<string> Format() => Of("--format", "Of the result on standard output.", "table", Json);

    /// <summary>Whether <see cref="Format"/> asks for JSON.</summary>
    internal static bool IsJson(this ParseResult parsed, Option<string> format) => parsed.GetValue(format) == Json;
}
