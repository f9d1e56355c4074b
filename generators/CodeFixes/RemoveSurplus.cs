using System.Collections.Immutable;
using System.Composition;
using Daso.Generators.Diagnostics;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Daso.Generators.CodeFixes;

/// <summary>Removes what is there twice or has no effect: a value, a seed, a tag, or an attribute.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp), Shared]
public sealed class RemoveSurplus : SyntaxFix
{
    /// <inheritdoc />
    public override ImmutableArray<string> FixableDiagnosticIds { get; } =
    [
        Rules.DuplicateValue.Id,
        Rules.NoSeeds.Id,
        Rules.DuplicateSeed.Id,
        Rules.NotAnExperiment.Id,
        Rules.TwoSources.Id,
        Rules.DuplicateWord.Id,
        Rules.DuplicateReference.Id,
        Rules.EpochsAndSteps.Id,
    ];

    private protected override (string Title, SyntaxNode Mended)? Mend(SyntaxNode root, SyntaxNode place)
    {
        if (place.FirstAncestorOrSelf<AttributeSyntax>() is not { } attribute)
            return null;

        // A tier is named by an argument, but without its name it would be none.
        bool isItem = AttributeNames.Last(attribute.Name) is not ("Tier" or "TierAttribute" or "TierParams" or "TierParamsAttribute")
            || place.FirstAncestorOrSelf<AttributeArgumentSyntax>() != attribute.ArgumentList?.Arguments.FirstOrDefault();
        return place.FirstAncestorOrSelf<AttributeArgumentSyntax>() is { } argument && isItem
            ? ($"Remove {argument}", Removal.Of(root, argument))
            : ($"Remove [{attribute.Name}]", Removal.Of(root, attribute));
    }
}
