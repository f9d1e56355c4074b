using System.Globalization;
namespace Daso.Cluster;

/// <summary>A set of a machine's logical cores, such as those that a process may run on (its affinity mask).</summary>
internal sealed class CoreMask
{
    /// <summary>Length of the form that travels, in words.</summary>
    internal const int PackedLength = Capacity / BitsPerWord;

    // More than any machine has; cores beyond are not seen.
    private const int Capacity = 2048;
    private const int BitsPerWord = 64;

    private CoreMask(IEnumerable<int> cores) => Cores = [.. cores.Where(core => core < Capacity).Distinct().Order()];

    /// <summary>The cores' numbers, ascending.</summary>
    internal IReadOnlyList<int> Cores { get; }

    /// <summary>The cores that this process may run on.</summary>
    internal static CoreMask OfProcess()
    {
        const string Status = "/proc/self/status", Key = "Cpus_allowed_list:";
        string? line = File.Exists(Status)
            ? File.ReadLines(Status).FirstOrDefault(line => line.StartsWith(Key, StringComparison.Ordinal))
            : null;
        return line is null ? new CoreMask(Enumerable.Range(0, Environment.ProcessorCount)) : Parse(line[Key.Length..]);
    }

    /// <summary>Reads the kernel's form, as in 0-3,8.</summary>
    internal static CoreMask Parse(string list) => new(
        list.Trim().Split(',', StringSplitOptions.RemoveEmptyEntries).SelectMany(range =>
        {
            int[] ends = [.. range.Split('-').Select(end => int.Parse(end, CultureInfo.InvariantCulture))];
            return Enumerable.Range(ends[0], ends[^1] - ends[0] + 1);
        }));

    /// <summary>A bit a core.</summary>
    internal long[] Pack()
    {
        long[] words = new long[PackedLength];
        foreach (int core in Cores)
            words[core / BitsPerWord] |= 1L << (core % BitsPerWord);
        return words;
    }

    /// <summary>Reads what <see cref="Pack"/> has written.</summary>
    internal static CoreMask Unpack(long[] words) =>
        new(Enumerable.Range(0, Capacity).Where(core => (words[core / BitsPerWord] >> (core % BitsPerWord) & 1) != 0));

    /// <summary>The kernel's form, as in 0-3,8.</summary>
    public override string ToString()
    {
        var ranges = new List<(int First, int Last)>();
        foreach (int core in Cores)
        {
            if (ranges is [.., var (first, last)] && last == core - 1)
                ranges[^1] = (first, core);
            else
                ranges.Add((core, core));
        }

        return string.Join(',', ranges.Select(range => range.First == range.Last
            ? range.First.ToString(CultureInfo.InvariantCulture)
            : FormattableString.Invariant($"{range.First}-{range.Last}")));
    }
}
