using Daso.Generators.Model;

namespace Daso.Generators.Emitting;

/// <summary>Names of generated files: those of types, which may differ by case alone, as files may not.</summary>
internal static class HintNames
{
    /// <summary>Names that differ from another by case at most.</summary>
    public static EquatableArray<string> AlikeButForCase(IEnumerable<string> names)
    {
        IEnumerable<string> alike = names
            .GroupBy(name => name, StringComparer.OrdinalIgnoreCase)
            .Where(same => same.Skip(1).Any())
            .SelectMany(same => same)
            .OrderBy(name => name, StringComparer.Ordinal);
        return new([.. alike]);
    }

    /// <summary>A type's file.</summary>
    /// <param name="fullName">The type's name with its namespace.</param>
    /// <param name="alike">The project's <see cref="AlikeButForCase"/>.</param>
    public static string Of(string fullName, EquatableArray<string> alike)
    {
        int index = alike.TakeWhile(name => name != fullName).Count();
        string mark = index < alike.Count ? "." + Literal.Of(index + 1) : "";
        return fullName.Replace("@", "") + mark + ".g.cs";
    }
}
