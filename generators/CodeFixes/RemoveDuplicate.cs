using System.Collections.Immutable;
using System.Composition;
using Daso.Generators.Diagnostics;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Daso.Generators.CodeFixes;

/// <summary>Removes a value, a seed, a tag or a tier that is there twice. Where only its attribute is known, the user has to find it.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp), Shared]
public sealed class RemoveDuplicate : SyntaxFix
{
    /// <inheritdoc />
    public override ImmutableArray<string> FixableDiagnosticIds { get; } =
        [Rules.DuplicateValue.Id, Rules.DuplicateSeed.Id, Rules.DuplicateWord.Id];

    private protected override (string Title, SyntaxNode Mended)? Mend(SyntaxNode root, SyntaxNode place)
    {
        if (place.FirstAncestorOrSelf<AttributeArgumentSyntax>() is not { } argument)
            return null;

        SyntaxNode? element = place.AncestorsAndSelf()
            .TakeWhile(node => node != argument)
            .FirstOrDefault(node => node.Parent is InitializerExpressionSyntax or CollectionExpressionSyntax);
        if (element is not null)
            return ($"Remove {element}", Removal.Of(root, element));

        // A tier is named by an argument, but without its name it would be none.
        var attribute = (AttributeSyntax)argument.Parent!.Parent!;
        bool isTier = AttributeNames.Last(attribute.Name) is "Tier" or "TierAttribute" or "TierParams" or "TierParamsAttribute"
            && argument == attribute.ArgumentList!.Arguments[0];
        return isTier ? ($"Remove [{attribute.Name}]", Removal.Of(root, attribute)) : ($"Remove {argument}", Removal.Of(root, argument));
    }
}
