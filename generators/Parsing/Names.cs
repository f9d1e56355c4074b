using System.Text;
using Daso.Generators.Diagnostics;
using Daso.SharedRules;
using Microsoft.CodeAnalysis;

namespace Daso.Generators.Parsing;

/// <summary>Names that become folders, options and table rows.</summary>
internal static class Names
{
    /// <summary>Reports a name that is not valid.</summary>
    /// <param name="mistakes">Gets the mistake.</param>
    /// <param name="name">The name.</param>
    /// <param name="what">What it names, with its article.</param>
    /// <param name="place">Where it is written.</param>
    /// <param name="more">More on the mend.</param>
    public static void Check(Mistakes mistakes, string name, string what, Func<Location?> place, string more = "")
    {
        if (!NameRule.IsValid(name))
            mistakes.Add(Rules.InvalidName, place(), name, what, more);
    }

    /// <summary>BatchPerRank → batch-per-rank, UseGPU → use-gpu, GPUCount → gpu-count, Fp16 → fp16.</summary>
    public static string ToKebabCase(string identifier)
    {
        var text = new StringBuilder(identifier.Length + 4);
        for (int i = 0; i < identifier.Length; i++)
        {
            char c = identifier[i];
            if (char.IsUpper(c) && i > 0)
            {
                bool wordEnds = !char.IsUpper(identifier[i - 1]);
                bool wordBegins = i + 1 < identifier.Length && char.IsLower(identifier[i + 1]);
                if ((wordEnds || wordBegins) && identifier[i - 1] != '_')
                    text.Append('-');
            }

            text.Append(c == '_' ? '-' : char.ToLowerInvariant(c));
        }

        return text.ToString();
    }
}
