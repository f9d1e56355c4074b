namespace Daso.Timing;

/// <summary>The end of a time limit by <see cref="ProcessClock"/>: a stop of the process puts it off.</summary>
internal readonly struct Deadline
{
    private readonly long _endNs;

    private Deadline(long endNs) => _endNs = endNs;

    /// <summary>A limit that begins now.</summary>
    internal static Deadline After(TimeSpan limit) => new(ProcessClock.NowNs + (limit.Ticks * 100));

    /// <summary>Whether it is over.</summary>
    internal bool HasPassed => ProcessClock.NowNs >= _endNs;

    /// <summary>What is left of it, at least a millisecond; for a wait that looks again when it returns.</summary>
    internal TimeSpan Left => TimeSpan.FromMilliseconds(Math.Max(1, (_endNs - ProcessClock.NowNs) / 1_000_000));
}
