using System.Collections.Immutable;
using System.Composition;
using System.Text;
using Daso.Generators.Diagnostics;
using Daso.Generators.Parsing;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Daso.Generators.CodeFixes;

/// <summary>Writes a name in lower-case letters, digits and dashes. Where letters would get lost, the user has to find a name.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp), Shared]
public sealed class RewriteName : SyntaxFix
{
    /// <inheritdoc />
    public override ImmutableArray<string> FixableDiagnosticIds { get; } = [Rules.InvalidName.Id];

    private protected override (string Title, SyntaxNode Mended)? Mend(SyntaxNode root, SyntaxNode place)
    {
        ExpressionSyntax? written = place as ExpressionSyntax ?? place.FirstAncestorOrSelf<AttributeArgumentSyntax>()?.Expression;
        if (written is not LiteralExpressionSyntax { Token: { Value: string name } token } literal)
            return null;
        if (Dashed(name) is not { Length: > 0 } valid)
            return null;

        SyntaxToken renamed = SyntaxFactory.Literal(valid).WithTriviaFrom(token);
        return ($"Rename to \"{valid}\"", root.ReplaceNode(literal, literal.WithToken(renamed)));
    }

    /// <summary>Digits Tiny → digits-tiny, DigitsTiny → digits-tiny; empty if a letter has no place in it.</summary>
    private static string Dashed(string name)
    {
        var text = new StringBuilder(name.Length);
        foreach (char c in Names.ToKebabCase(name))
        {
            if (c is >= 'a' and <= 'z' or >= '0' and <= '9')
                text.Append(c);
            else if (char.IsLetter(c))
                return "";
            else if (text.Length > 0 && text[text.Length - 1] != '-')
                text.Append('-');
        }

        return text.ToString().TrimEnd('-');
    }
}
