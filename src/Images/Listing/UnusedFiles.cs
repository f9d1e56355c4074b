namespace Daso.Images;

/// <summary>Counts files of a data set that are not used, by reason, so that one line says it. Thread-safe.</summary>
internal sealed class UnusedFiles
{
    private readonly SortedDictionary<string, (int Count, string Example)> _byReason = new(StringComparer.Ordinal);

    /// <summary>Whether a file's name was not UTF-8: .NET reads such bytes as U+FFFD, and cannot open the file by that name.</summary>
    public static bool IsNotText(string name) => name.Contains('\uFFFD');

    /// <summary>Counts a file.</summary>
    /// <param name="reason">As in "beside the class folders".</param>
    /// <param name="name">The first in order is shown.</param>
    public void Add(string reason, string name)
    {
        lock (_byReason)
        {
            (int count, string example) = _byReason.GetValueOrDefault(reason, (0, name));
            _byReason[reason] = (count + 1, string.CompareOrdinal(name, example) < 0 ? name : example);
        }
    }

    /// <summary>For each reason how many files, and the first of them.</summary>
    public IEnumerable<string> Remarks() => _byReason.Select(one =>
    {
        (int count, string example) = one.Value;
        return count == 1 ? $"1 file not used {one.Key} ({example})" : $"{count} files not used {one.Key} ({example}, …)";
    });
}
