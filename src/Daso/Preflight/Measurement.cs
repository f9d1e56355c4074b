namespace Daso.Preflight;

/// <summary>One line of a preflight.</summary>
/// <param name="Group">world, node or global.</param>
/// <param name="Ranks">Ranks of the group.</param>
/// <param name="Operation">all-reduce, the library's own all-reduce, or broadcast.</param>
/// <param name="Bytes">Bytes of each rank's buffer.</param>
/// <param name="Seconds">Median time of the slowest rank.</param>
/// <param name="IsCorrect">Whether every element was right on every rank.</param>
public sealed record Measurement(string Group, int Ranks, string Operation, long Bytes, double Seconds, bool IsCorrect)
{
    /// <summary>Buffer bytes a second.</summary>
    public double AlgorithmBandwidth => Bytes / Seconds;

    /// <summary>
    /// Bytes a second that the busiest link of an ideal exchange carries in one direction: the algorithm's bandwidth times 2·(P − 1)/P
    /// for an all-reduce and 1 for a broadcast (the definition of nccl-tests), so that sizes of groups compare.
    /// </summary>
    public double BusBandwidth => AlgorithmBandwidth * (Operation == Sweep.BroadcastName ? 1 : 2.0 * (Ranks - 1) / Ranks);
}
