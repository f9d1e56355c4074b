using System.Collections.Immutable;
using System.Composition;
using Daso.Generators.Diagnostics;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Daso.Generators.CodeFixes;

/// <summary>Removes an attribute that is there twice or has no effect.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp), Shared]
public sealed class RemoveSurplus : SyntaxFix
{
    /// <inheritdoc />
    public override ImmutableArray<string> FixableDiagnosticIds { get; } =
    [
        Rules.NoSeeds.Id,
        Rules.NotAnExperiment.Id,
        Rules.TwoSources.Id,
        Rules.DuplicateReference.Id,
        Rules.EpochsAndSteps.Id,
    ];

    private protected override (string Title, SyntaxNode Mended)? Mend(SyntaxNode root, SyntaxNode place) =>
        place.FirstAncestorOrSelf<AttributeSyntax>() is { } attribute ? ($"Remove [{attribute.Name}]", Removal.Of(root, attribute)) : null;
}
