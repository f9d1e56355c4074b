using System.Runtime.InteropServices;

namespace Daso.Communication;

/// <summary>Sleeps for less than a millisecond, which <see cref="Thread.Sleep(int)"/> cannot.</summary>
public static partial class PreciseDelay
{
    /// <summary>Sleeps; about 50 µs longer than asked for on Linux (timer slack), a whole millisecond elsewhere.</summary>
    /// <param name="durationNs">Nanoseconds.</param>
    public static void Sleep(long durationNs)
    {
        if (!OperatingSystem.IsLinux())
        {
            Thread.Sleep(1);
            return;
        }

        var duration = new TimeSpec { Seconds = (nint)(durationNs / 1_000_000_000), Nanoseconds = (nint)(durationNs % 1_000_000_000) };
        // An interrupted sleep returns early; callers look at the clock again.
        _ = NanoSleep(in duration, 0);
    }

    [LibraryImport("libc", EntryPoint = "nanosleep")]
    private static partial int NanoSleep(in TimeSpec duration, nint remaining);

    /// <summary>struct timespec of a 64-bit Linux (POSIX time.h).</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct TimeSpec
    {
        internal nint Seconds;
        internal nint Nanoseconds;
    }
}
