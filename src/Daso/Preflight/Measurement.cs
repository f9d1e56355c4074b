namespace Daso.Preflight;

/// <summary>The time of one collective operation of one size on one kind of group.</summary>
/// <param name="Group">world, node or global. All groups of the kind measure at the same time.</param>
/// <param name="Ranks">Ranks of the group.</param>
/// <param name="ConcurrentGroups">Groups of the kind: those of kind global share the nodes' links.</param>
/// <param name="Collective">One of the sweep's names: <see cref="Sweep.AllReduceName"/> and the others.</param>
/// <param name="Implementation">daso, library (the MPI library's own), or in-process.</param>
/// <param name="Bytes">Bytes of each rank's buffer, float32.</param>
/// <param name="MedianNs">Median over the rounds of the slowest rank's time.</param>
/// <param name="MinNs">The shortest of these times.</param>
/// <param name="Rounds">Timed rounds; one more came before them.</param>
/// <param name="IsCorrect">Whether every element was right on every rank, each time.</param>
internal sealed record Measurement(
    string Group,
    int Ranks,
    int ConcurrentGroups,
    string Collective,
    string Implementation,
    long Bytes,
    long MedianNs,
    long MinNs,
    int Rounds,
    bool IsCorrect)
{
    /// <summary>Buffer bytes a second, by the median.</summary>
    public double AlgorithmBytesPerSecond => Bytes / (MedianNs / 1e9);

    /// <summary>
    /// Bytes a second that the busiest link of an ideal exchange carries in one direction: the algorithm's bandwidth times 2·(P − 1)/P
    /// for an all-reduce, (P − 1)/P for a reduce-scatter or an all-gather and 1 for a broadcast (the definition of nccl-tests), so that
    /// sizes of groups compare.
    /// </summary>
    public double BusBytesPerSecond => AlgorithmBytesPerSecond * Collective switch
    {
        Sweep.BroadcastName => 1,
        Sweep.AllReduceName => 2.0 * (Ranks - 1) / Ranks,
        _ => (Ranks - 1.0) / Ranks,
    };
}

/// <summary>A size that a sweep left out for want of time.</summary>
/// <param name="Group">world, node or global.</param>
/// <param name="Collective">As of a measurement.</param>
/// <param name="Implementation">As of a measurement.</param>
/// <param name="Bytes">Bytes of each rank's buffer.</param>
/// <param name="EstimatedNs">What one round would have taken, by the next smaller size.</param>
internal sealed record LeftOut(string Group, string Collective, string Implementation, long Bytes, long EstimatedNs);
