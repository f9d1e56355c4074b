using System.Text;
using Microsoft.CodeAnalysis.CSharp;

namespace Daso.Generators.Emitting;

/// <summary>A project's root namespace as C# can write it.</summary>
internal static class RootNamespace
{
    /// <summary>The build property, else the assembly's name; what an identifier can't hold becomes an underscore.</summary>
    public static string From(string? buildProperty, string? assemblyName)
    {
        string name = string.IsNullOrWhiteSpace(buildProperty) ? assemblyName ?? "" : buildProperty!;
        string[] segments = name.Split(['.'], StringSplitOptions.RemoveEmptyEntries);
        return string.Join(".", segments.Select(segment => Literal.Identifier(Valid(segment))));
    }

    private static string Valid(string segment)
    {
        var text = new StringBuilder(segment.Length + 1);
        if (!SyntaxFacts.IsIdentifierStartCharacter(segment[0]))
            text.Append('_');
        foreach (char c in segment)
            text.Append(SyntaxFacts.IsIdentifierPartCharacter(c) ? c : '_');
        return text.ToString();
    }
}
