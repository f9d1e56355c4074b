using Microsoft.CodeAnalysis;

namespace Daso.Generators.Parsing;

/// <summary>Orders by file path, then by position: a class in several files gives the same code in whatever order the compiler gets them.</summary>
internal sealed class SourceOrder : IComparer<SyntaxReference?>
{
    public static readonly SourceOrder Comparer = new();

    public int Compare(SyntaxReference? x, SyntaxReference? y)
    {
        int files = string.CompareOrdinal(x?.SyntaxTree.FilePath, y?.SyntaxTree.FilePath);
        return files != 0 ? files : Comparer<int?>.Default.Compare(x?.Span.Start, y?.Span.Start);
    }
}
