using System.Text;
using System.Xml;
using System.Xml.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Daso.Generators.Parsing;

/// <summary>
/// A part of a doc comment as one line of plain text. It is read from the source text, not from the symbol: a project that writes no
/// documentation file has its doc comments parsed as plain comments, and its experiments' help texts must be the same.
/// </summary>
internal static class Documentation
{
    /// <summary>The summary of a type or a member.</summary>
    public static string Summary(ISymbol symbol, CancellationToken cancellation) =>
        First(symbol, doc => doc.Element("summary"), cancellation);

    /// <summary>What a type's comment says of a parameter of its primary constructor.</summary>
    public static string Parameter(INamedTypeSymbol type, string name, CancellationToken cancellation) =>
        First(type, doc => doc.Elements("param").FirstOrDefault(param => param.Attribute("name")?.Value == name), cancellation);

    private static string First(ISymbol symbol, Func<XElement, XElement?> part, CancellationToken cancellation)
    {
        foreach (SyntaxReference declaration in symbol.DeclaringSyntaxReferences.OrderBy(r => r, SourceOrder.Comparer))
        {
            string text = TextOf(declaration.GetSyntax(cancellation).GetLeadingTrivia(), part);
            if (text.Length > 0)
                return text;
        }

        return "";
    }

    private static string TextOf(SyntaxTriviaList trivia, Func<XElement, XElement?> part)
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
            XElement? found = part(XElement.Parse($"<doc>{xml}</doc>"));
            return found is null ? "" : OneLine(found);
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
