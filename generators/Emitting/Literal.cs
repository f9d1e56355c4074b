using System.Globalization;
using Microsoft.CodeAnalysis.CSharp;

namespace Daso.Generators.Emitting;

/// <summary>Values as C# source.</summary>
internal static class Literal
{
    public static string Of(string value) => SymbolDisplay.FormatLiteral(value, quote: true);

    public static string Of(bool value) => value ? "true" : "false";

    public static string Of(int value) => value.ToString(CultureInfo.InvariantCulture);

    public static string Of(double value) => value.ToString("R", CultureInfo.InvariantCulture);

    public static string ListOf(IEnumerable<string> literals) => "[" + string.Join(", ", literals) + "]";

    /// <summary>A name as an identifier: keywords get their @.</summary>
    public static string Identifier(string name) => SyntaxFacts.GetKeywordKind(name) == SyntaxKind.None ? name : "@" + name;
}
