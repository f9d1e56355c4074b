using System.Collections.Immutable;
using System.Composition;
using Daso.Generators.Diagnostics;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Daso.Generators.CodeFixes;

/// <summary>Makes an experiment class partial.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp), Shared]
public sealed class AddPartial : SyntaxFix
{
    /// <inheritdoc />
    public override ImmutableArray<string> FixableDiagnosticIds { get; } = [Rules.NotPartial.Id];

    private protected override (string Title, SyntaxNode Mended)? Mend(SyntaxNode root, SyntaxNode place)
    {
        if (place.FirstAncestorOrSelf<TypeDeclarationSyntax>() is not { } type)
            return null;

        SyntaxToken partial = SyntaxFactory.Token(SyntaxKind.PartialKeyword).WithTrailingTrivia(SyntaxFactory.Space);
        TypeDeclarationSyntax mended;
        if (type.Modifiers.Count > 0)
        {
            mended = type.WithModifiers(type.Modifiers.Add(partial));
        }
        else
        {
            // The comments before the class keyword stay before the class.
            mended = type
                .WithKeyword(type.Keyword.WithLeadingTrivia())
                .WithModifiers(SyntaxFactory.TokenList(partial.WithLeadingTrivia(type.Keyword.LeadingTrivia)));
        }

        return ("Add 'partial'", root.ReplaceNode(type, mended));
    }
}
