using System.Diagnostics;

namespace Daso.Recording;

/// <summary>The clock of all ranks of a process: monotonic, starts when it is first read.</summary>
public static class RunClock
{
    private static readonly long s_origin = Stopwatch.GetTimestamp();

    // 1 on Linux and macOS, 100 on Windows: the frequency divides a billion on all of them.
    private static readonly long s_nanosecondsPerTick = 1_000_000_000 / Stopwatch.Frequency;

    /// <summary>Nanoseconds since the clock started.</summary>
    public static long NowNs => (Stopwatch.GetTimestamp() - s_origin) * s_nanosecondsPerTick;
}
