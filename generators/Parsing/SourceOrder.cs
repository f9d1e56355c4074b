using Microsoft.CodeAnalysis;

namespace Daso.Generators.Parsing;

/// <summary>Orders by file path, then by position: the code does not depend on the order in which the compiler gets the files.</summary>
internal sealed class SourceOrder : IComparer<SyntaxReference?>
{
    public static readonly SourceOrder Comparer = new();

    public int Compare(SyntaxReference? x, SyntaxReference? y)
    {
        int files = string.CompareOrdinal(x?.SyntaxTree.FilePath, y?.SyntaxTree.FilePath);
        return files != 0 ? files : Comparer<int?>.Default.Compare(x?.Span.Start, y?.Span.Start);
    }
}
