namespace Daso.Experiments;

/// <summary>Finds what a user may have meant.</summary>
internal static class NearestName
{
    /// <summary>", did you mean NAME?" where a known name is near, else nothing.</summary>
    public static string Hint(string given, IEnumerable<string> known)
    {
        (string Name, int Distance) nearest = known
            .Select(name => (Name: name, Distance: Distance(given.ToLowerInvariant(), name)))
            .DefaultIfEmpty((Name: string.Empty, Distance: int.MaxValue))
            .MinBy(candidate => candidate.Distance);
        return nearest.Distance <= Math.Max(2, given.Length / 3) ? $", did you mean {nearest.Name}?" : string.Empty;
    }

    /// <summary>The line about a name that there is not.</summary>
    /// <param name="option">What names are given to.</param>
    /// <param name="given">The name.</param>
    /// <param name="known">Those that there are.</param>
    internal static string Unknown(string option, string given, IEnumerable<string> known) =>
        $"{option} {given}: unknown{Hint(given, known)}; there are {string.Join(", ", known)}";

    /// <summary>Refuses names that there are not.</summary>
    /// <param name="option">What the names are given to.</param>
    /// <param name="given">The names.</param>
    /// <param name="known">Those that there are.</param>
    /// <exception cref="UserErrorException">One of the names is unknown.</exception>
    internal static void Require(string option, IEnumerable<string> given, IReadOnlyCollection<string> known)
    {
        if (given.FirstOrDefault(name => !known.Contains(name)) is string unknown)
            throw new UserErrorException(Unknown(option, unknown, known));
    }

    /// <summary>Levenshtein distance: insertions, deletions and replacements that lead from one text to the other.</summary>
    internal static int Distance(string from, string to)
    {
        int[] row = [.. Enumerable.Range(0, to.Length + 1)];
        for (int i = 1; i <= from.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= to.Length; j++)
            {
                int replaced = diagonal + (from[i - 1] == to[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(replaced, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[^1];
    }
}
