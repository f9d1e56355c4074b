using System.Diagnostics;

namespace Daso.Timing;

/// <summary>
/// The process's clock: monotonic, from 0 at its first reading, and standing still while the process is stopped (SIGSTOP or Ctrl-Z,
/// <c>scontrol suspend</c>, a frozen container or virtual machine). What is measured or limited by it does not count such a stop.
/// </summary>
/// <remarks>
/// A thread notes the time every 50 ms. A reading more than <see cref="StopRule.LateNs"/> after the last note waits for the next one,
/// which decides what the process was kept from: so no reading counts a stop, and none is less than one before it.
/// </remarks>
internal static class ProcessClock
{
    private const int TickMs = 50;

    // 1 on Linux and macOS, 100 on Windows: the frequency divides a billion on all of them.
    private static readonly long s_nanosecondsPerTick = 1_000_000_000 / Stopwatch.Frequency;
    private static readonly long s_origin = Stopwatch.GetTimestamp();
    private static long s_notedNs;
    private static long s_stoppedNs;

    static ProcessClock() => new Thread(Tick) { IsBackground = true, Name = "stop detection" }.Start();

    /// <summary>Nanoseconds since the first reading, without those in which the process was stopped.</summary>
    public static long NowNs
    {
        get
        {
            (long elapsedNs, long stoppedNs) = Read();
            return elapsedNs - stoppedNs;
        }
    }

    /// <summary>Nanoseconds so far in which the process was stopped.</summary>
    public static long StoppedNs => Read().StoppedNs;

    private static long ElapsedNs => (Stopwatch.GetTimestamp() - s_origin) * s_nanosecondsPerTick;

    private static (long ElapsedNs, long StoppedNs) Read()
    {
        while (true)
        {
            // In this order, the reverse of the ticker's: a stop that it notes in between makes the first number too old.
            long notedNs = Volatile.Read(ref s_notedNs);
            long stoppedNs = Volatile.Read(ref s_stoppedNs);
            long elapsedNs = ElapsedNs;
            if (elapsedNs - notedNs <= StopRule.LateNs)
                return (elapsedNs, stoppedNs);
            Thread.Sleep(1);
        }
    }

    private static void Tick()
    {
        var delays = new SchedulingDelays();
        while (true)
        {
            Thread.Sleep(TickMs);
            long? delayNs = delays.SinceLastNs();
            long nowNs = ElapsedNs;
            Volatile.Write(ref s_stoppedNs, s_stoppedNs + StopRule.StoppedNs(nowNs - s_notedNs, delayNs));
            Volatile.Write(ref s_notedNs, nowNs);
        }
    }
}
