namespace Daso.Timing;

/// <summary>
/// Tells a process that was stopped from one on an overloaded machine by what a thread of it missed that wakes at short intervals. On a
/// busy machine it is woken in time and then waits for a processor; a stopped one is not woken at all.
/// </summary>
internal static class StopRule
{
    /// <summary>The longest time between two wakes that is not looked into. Of each stop so much is counted as time.</summary>
    internal const long LateNs = 250_000_000;

    /// <summary>How long the process was stopped between two wakes, as far as the clock leaves it out; 0: it was not.</summary>
    /// <param name="gapNs">Time between the wakes.</param>
    /// <param name="delayNs">Of it, what the thread was ready to run but had no processor, or was held up by a garbage collection; null:
    /// unknown, and no stop is claimed.</param>
    internal static long StoppedNs(long gapNs, long? delayNs) =>
        delayNs is long delay ? Math.Max(0, gapNs - delay - LateNs) : 0;
}
