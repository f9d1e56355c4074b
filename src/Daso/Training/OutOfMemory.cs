using System.Text.RegularExpressions;

namespace Daso.Training;

/// <summary>What libtorch says where memory does not suffice, in one line with the mend.</summary>
internal static partial class OutOfMemory
{
    /// <summary>The line; null: the failure is another.</summary>
    /// <param name="message">libtorch's message.</param>
    /// <param name="batch">Samples of the step's batch.</param>
    internal static string? Explain(string message, long batch)
    {
        bool isGpu = message.Contains("CUDA out of memory", StringComparison.Ordinal);
        if (!isGpu && !message.Contains("can't allocate memory", StringComparison.Ordinal))
            return null;
        string[] facts =
        [
            .. new[] { Wanted(), Capacity(), Taken() }.Select(fact => fact.Match(message)).Where(found => found.Success).Select(found => found.Groups[1].Value),
        ];
        string where = isGpu ? "the GPU's memory" : "this machine's memory";
        string known = facts.Length == 0 ? "" : $" ({string.Join("; ", facts)})";
        return FormattableString.Invariant(
            $"{where} does not hold a step with a batch of {batch} a rank{known}: take a smaller batch, fewer ranks a device, or 16 bits (--precision)");
    }

    [GeneratedRegex(@"[Tt]ried to allocate ([\d.]+ \w+)")]
    private static partial Regex Wanted();

    [GeneratedRegex(@"total capacity of ([\d.]+ \w+ of which [\d.]+ \w+ is free)")]
    private static partial Regex Capacity();

    [GeneratedRegex(@"([\d.]+ \w+ is allocated by PyTorch)")]
    private static partial Regex Taken();
}
