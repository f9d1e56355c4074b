using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Daso.Generators.CodeFixes;

/// <summary>Takes attributes, their arguments and elements of these out of a file, with the brackets that would be empty.</summary>
internal static class Removal
{
    /// <param name="root">The file.</param>
    /// <param name="item">An argument of an attribute, or an element of an array there.</param>
    public static SyntaxNode Of(SyntaxNode root, SyntaxNode item) => root.RemoveNode(item, SyntaxRemoveOptions.KeepTrailingTrivia)!;

    public static SyntaxNode Of(SyntaxNode root, AttributeSyntax attribute)
    {
        var list = (AttributeListSyntax)attribute.Parent!;
        if (list.Attributes.Count > 1)
        {
            AttributeListSyntax rest = list.WithAttributes(list.Attributes.Remove(attribute));
            return root.ReplaceNode(list, rest.WithTriviaFrom(list));
        }

        // The comments before the list belong to the declaration: what comes next takes them over in place of its own indentation.
        SyntaxToken next = list.GetLastToken().GetNextToken();
        bool isWhiteSpace = next.LeadingTrivia.All(trivia => trivia.IsKind(SyntaxKind.WhitespaceTrivia));
        SyntaxNode parent = list.Parent!;
        SyntaxNode without = parent.RemoveNode(list, SyntaxRemoveOptions.KeepNoTrivia)!;
        SyntaxToken follower = without.FindToken(list.FullSpan.Start - parent.FullSpan.Start + without.FullSpan.Start);
        SyntaxTriviaList leading = isWhiteSpace ? list.GetLeadingTrivia() : list.GetLeadingTrivia().AddRange(next.LeadingTrivia);
        return root.ReplaceNode(parent, without.ReplaceToken(follower, follower.WithLeadingTrivia(leading)));
    }
}
