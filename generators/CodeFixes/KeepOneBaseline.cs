using System.Collections.Immutable;
using System.Composition;
using Daso.Generators.Diagnostics;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Daso.Generators.CodeFixes;

/// <summary>Takes the mark off a baseline that is not the first, or marks the first strategy of a class without one.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp), Shared]
public sealed class KeepOneBaseline : SyntaxFix
{
    /// <inheritdoc />
    public override ImmutableArray<string> FixableDiagnosticIds { get; } = [Rules.NotOneBaseline.Id];

    private protected override (string Title, SyntaxNode Mended)? Mend(SyntaxNode root, SyntaxNode place)
    {
        if (place.FirstAncestorOrSelf<AttributeArgumentSyntax>() is { } mark)
            return ("Keep the first baseline only", Removal.Of(root, mark));

        AttributeSyntax? first = place.FirstAncestorOrSelf<TypeDeclarationSyntax>()?.AttributeLists
            .SelectMany(list => list.Attributes)
            .FirstOrDefault(attribute => AttributeNames.Last(attribute.Name) is "Strategy" or "StrategyAttribute");
        if (first?.ArgumentList is not { } arguments)
            return null;

        AttributeArgumentSyntax? unmarked = arguments.Arguments.FirstOrDefault(a => a.NameEquals?.Name.Identifier.ValueText == "Baseline");
        if (unmarked is not null)
            arguments = arguments.RemoveNode(unmarked, SyntaxRemoveOptions.KeepNoTrivia)!;
        AttributeArgumentSyntax baseline = SyntaxFactory.AttributeArgument(
            SyntaxFactory.NameEquals("Baseline").NormalizeWhitespace(),
            null,
            SyntaxFactory.LiteralExpression(SyntaxKind.TrueLiteralExpression));
        SyntaxToken comma = SyntaxFactory.Token(SyntaxKind.CommaToken).WithTrailingTrivia(SyntaxFactory.Space);
        SeparatedSyntaxList<AttributeArgumentSyntax> all = SyntaxFactory.SeparatedList<AttributeArgumentSyntax>(
            arguments.Arguments.Count == 0 ? [baseline] : [.. arguments.Arguments.GetWithSeparators(), comma, baseline]);
        return ("Make the first strategy the baseline", root.ReplaceNode(first, first.WithArgumentList(arguments.WithArguments(all))));
    }
}
