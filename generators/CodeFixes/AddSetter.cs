using System.Collections.Immutable;
using System.Composition;
using Daso.Generators.Diagnostics;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Daso.Generators.CodeFixes;

/// <summary>Makes a parameter an instance property that can be set. A getter with code of its own is left to the user.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp), Shared]
public sealed class AddSetter : SyntaxFix
{
    /// <inheritdoc />
    public override ImmutableArray<string> FixableDiagnosticIds { get; } = [Rules.ParameterNotSettable.Id];

    private protected override (string Title, SyntaxNode Mended)? Mend(SyntaxNode root, SyntaxNode place)
    {
        if (place.FirstAncestorOrSelf<PropertyDeclarationSyntax>() is not { ExplicitInterfaceSpecifier: null } property)
            return null;

        SyntaxToken @static = property.Modifiers.FirstOrDefault(modifier => modifier.IsKind(SyntaxKind.StaticKeyword));
        PropertyDeclarationSyntax instance = property.WithModifiers(property.Modifiers.Remove(@static));
        PropertyDeclarationSyntax? mended = (property.AccessorList, property.ExpressionBody) switch
        {
            (null, { } body) => instance
                .WithIdentifier(property.Identifier.WithTrailingTrivia(SyntaxFactory.Space))
                .WithExpressionBody(null)
                .WithAccessorList(Accessors().WithTrailingTrivia(SyntaxFactory.Space))
                .WithInitializer(SyntaxFactory.EqualsValueClause(
                    SyntaxFactory.Token(SyntaxKind.EqualsToken).WithTrailingTrivia(SyntaxFactory.Space), body.Expression)),
            ({ } list, _) when list.Accessors.All(accessor => accessor is { Body: null, ExpressionBody: null }) =>
                instance.WithAccessorList(Accessors().WithTriviaFrom(list)),
            _ => null,
        };
        return mended is null ? null : ("Make it settable", root.ReplaceNode(property, mended));
    }

    private static AccessorListSyntax Accessors() =>
        ((PropertyDeclarationSyntax)SyntaxFactory.ParseMemberDeclaration("int P { get; init; }")!).AccessorList!.WithoutTrivia();
}
