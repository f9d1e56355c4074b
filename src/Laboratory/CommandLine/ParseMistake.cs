using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Daso.Experiments;

namespace Daso.CommandLine;

/// <summary>Mistakes on the command line that its parser lets pass, or tells in terms of a program.</summary>
internal static class ParseMistake
{
    /// <summary>An option that there is not: the parser takes it for a value. Null: none.</summary>
    internal static string? UnknownOption(ParseResult parsed)
    {
        Command command = parsed.CommandResult.Command;
        // Behind -- everything is a value. A command of commands has none.
        Token? unknown = command.Subcommands.Count > 0
            ? null
            : parsed.Tokens.TakeWhile(token => token.Type != TokenType.DoubleDash).FirstOrDefault(token =>
                token.Type == TokenType.Argument
                && token.Value.StartsWith('-')
                && !double.TryParse(token.Value, NumberStyles.Float, CultureInfo.InvariantCulture, out _));
        if (unknown is null)
            return null;
        string[] known = [.. command.Options.Select(option => option.Name)];
        string hint = NearestName.Hint(unknown.Value, known);
        return $"{unknown.Value}: no such option of {command.Name}{(hint.Length > 0 ? hint : $"; there are {string.Join(", ", known)}")}";
    }

    /// <summary>A value that is not the number that an option takes. Null: the mistake is another.</summary>
    internal static string? WrongNumber(ParseError error)
    {
        if (error.SymbolResult is not OptionResult { Option: Option option, Tokens: IReadOnlyList<Token> given })
            return null;
        Type type = option.ValueType.GetElementType() ?? Nullable.GetUnderlyingType(option.ValueType) ?? option.ValueType;
        if ((type != typeof(int) && type != typeof(double))
            || given.FirstOrDefault(token => !IsNumber(token.Value, type)) is not Token wrong)
        {
            return null;
        }

        string kind = type == typeof(int) ? "whole number" : "number";
        return option.ValueType.IsArray
            ? $"{option.Name} {wrong.Value}: expected {kind}s with spaces between them, as in {option.Name} 1 2 3"
            : $"{option.Name} {wrong.Value}: expected a {kind}";
    }

    private static bool IsNumber(string text, Type type) => type == typeof(int)
        ? int.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out _)
        : double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out _);
}
