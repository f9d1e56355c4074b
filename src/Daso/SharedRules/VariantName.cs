namespace Daso.SharedRules;

/// <summary>How a parameter's value becomes part of a variant's name, which is a folder's.</summary>
internal static class VariantName
{
    /// <summary>The value with _ in place of all but ASCII letters, digits, '.' and '_'.</summary>
    public static string PartOf(string value) => string.Concat(value.Select(c => IsKept(c) ? c : '_'));

    /// <summary>Two different values that become the same part; null: none.</summary>
    public static (string First, string Second)? Alike(IReadOnlyList<string> values) => values
        .Distinct()
        .GroupBy(PartOf)
        .Where(same => same.Skip(1).Any())
        .Select(same => ((string, string)?)(same.First(), same.ElementAt(1)))
        .FirstOrDefault();

    private static bool IsKept(char c) => c is (>= 'a' and <= 'z') or (>= 'A' and <= 'Z') or (>= '0' and <= '9') or '.' or '_';
}
