using System.Buffers.Text;
using Microsoft.Win32.SafeHandles;

namespace Daso.Timing;

/// <summary>
/// What has kept the thread that makes it from running though it was ready: the queue for a processor, by Linux's
/// /proc/thread-self/schedstat (proc_pid_schedstat: time on a processor, time in the queue, turns; nanoseconds), and garbage collections.
/// </summary>
internal sealed class SchedulingDelays
{
    private readonly SafeFileHandle? _statistics = Open();
    private long _lastNs;

    internal SchedulingDelays() => _ = SinceLastNs();

    /// <summary>The delays since the last call; null where the system does not tell them. Only for the thread that made the object.</summary>
    internal long? SinceLastNs()
    {
        if (_statistics is null)
            return null;
        Span<byte> text = stackalloc byte[128];
        text = text[..RandomAccess.Read(_statistics, text, fileOffset: 0)];
        text = text[(text.IndexOf((byte)' ') + 1)..];
        if (!Utf8Parser.TryParse(text, out long queuedNs, out _))
            return null;
        long delaysNs = queuedNs + (GC.GetTotalPauseDuration().Ticks * 100);
        long sinceNs = delaysNs - _lastNs;
        _lastNs = delaysNs;
        return sinceNs;
    }

    private static SafeFileHandle? Open()
    {
        // By the name of the thread: the file stays this thread's.
        const string Statistics = "/proc/thread-self/schedstat";
        try
        {
            return File.Exists(Statistics) ? File.OpenHandle(Statistics) : null;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
