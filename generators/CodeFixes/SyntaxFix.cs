using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeActions;
using Microsoft.CodeAnalysis.CodeFixes;

namespace Daso.Generators.CodeFixes;

/// <summary>A code fix that needs the file's syntax alone.</summary>
public abstract class SyntaxFix : CodeFixProvider
{
    /// <inheritdoc />
    public sealed override FixAllProvider GetFixAllProvider() => WellKnownFixAllProviders.BatchFixer;

    /// <inheritdoc />
    public sealed override async Task RegisterCodeFixesAsync(CodeFixContext context)
    {
        Document document = context.Document;
        if (await document.GetSyntaxRootAsync(context.CancellationToken).ConfigureAwait(false) is not { } root)
            return;

        foreach (Diagnostic diagnostic in context.Diagnostics)
        {
            SyntaxNode place = root.FindNode(diagnostic.Location.SourceSpan, getInnermostNodeForTie: true);
            if (Mend(root, place) is not var (title, mended))
                continue;

            context.RegisterCodeFix(
                CodeAction.Create(title, _ => Task.FromResult(document.WithSyntaxRoot(mended)), equivalenceKey: title), diagnostic);
        }
    }

    /// <summary>The fix's title and the mended file; null where a person has to decide.</summary>
    /// <param name="root">The file.</param>
    /// <param name="place">What the diagnostic is reported at.</param>
    private protected abstract (string Title, SyntaxNode Mended)? Mend(SyntaxNode root, SyntaxNode place);
}
