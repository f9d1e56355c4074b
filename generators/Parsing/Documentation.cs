using System.Text;
using System.Xml;
using System.Xml.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Daso.Generators.Parsing;

/// <summary>
/// The summary of a doc comment as one line of plain text. It is read from the source text, not from the symbol: a project that writes no
/// documentation file has its doc comments parsed as plain comments, and its experiments' help texts must be the same.
/// </summary>
internal static class Documentation
{
    public static string Summary(ISymbol symbol, CancellationToken cancellation)
    {
        foreach (SyntaxReference declaration in symbol.DeclaringSyntaxReferences.OrderBy(r => r, SourceOrder.Comparer))
        {
            string summary = Summary(declaration.GetSyntax(cancellation).GetLeadingTrivia());
            if (summary.Length > 0)
                return summary;
        }

        return "";
    }

    private static string Summary(SyntaxTriviaList trivia)
    {
        var xml = new StringBuilder();
        foreach (SyntaxTrivia item in trivia)
        {
            if (IsDocumentation(item))
                AppendContent(xml, item.ToFullString());
        }

        if (xml.Length == 0)
            return "";

        try
        {
            XElement? summary = XElement.Parse($"<doc>{xml}</doc>").Element("summary");
            return summary is null ? "" : OneLine(summary);
        }
        catch (XmlException)
        {
            // Half-written; the compiler warns of it where documentation is wanted.
            return "";
        }
    }

    private static bool IsDocumentation(SyntaxTrivia trivia) => trivia.Kind() switch
    {
        SyntaxKind.SingleLineDocumentationCommentTrivia or SyntaxKind.MultiLineDocumentationCommentTrivia => true,
        SyntaxKind.SingleLineCommentTrivia => trivia.ToString() is var text
            && text.StartsWith("///", StringComparison.Ordinal) && !text.StartsWith("////", StringComparison.Ordinal),
        SyntaxKind.MultiLineCommentTrivia => trivia.ToString().StartsWith("/**", StringComparison.Ordinal),
        _ => false,
    };

    private static void AppendContent(StringBuilder xml, string comment)
    {
        foreach (string line in comment.Split('\n'))
        {
            string content = line.Trim();
            if (content.StartsWith("///", StringComparison.Ordinal))
                content = content.Substring(3);
            else if (content.StartsWith("/**", StringComparison.Ordinal))
                content = content.Substring(3);
            else if (content.StartsWith("*", StringComparison.Ordinal) && content != "*/")
                content = content.Substring(1);
            if (content.EndsWith("*/", StringComparison.Ordinal))
                content = content.Substring(0, content.Length - 2);
            xml.Append(content).Append('\n');
        }
    }

    private static string OneLine(XElement summary)
    {
        var text = new StringBuilder();
        Append(text, summary);
        return string.Join(" ", text.ToString().Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
    }

    private static void Append(StringBuilder text, XElement element)
    {
        foreach (XNode node in element.Nodes())
        {
            if (node is XText plain)
                text.Append(plain.Value);
            else if (node is XElement { IsEmpty: true } reference)
                text.Append(NameIn(reference));
            else if (node is XElement nested)
                Append(text, nested);
        }
    }

    /// <summary>see, seealso, paramref, typeparamref: what they refer to, without namespaces and parameters.</summary>
    private static string NameIn(XElement reference)
    {
        XAttribute? target = reference.Attributes().FirstOrDefault(a => a.Name.LocalName is "cref" or "langword" or "name" or "href");
        string name = target?.Value ?? " ";
        if (reference.Attribute("cref") is null)
            return name;

        name = name.Split('(')[0];
        return name.Substring(name.LastIndexOf('.') + 1).Replace('{', '<').Replace('}', '>');
    }
}
