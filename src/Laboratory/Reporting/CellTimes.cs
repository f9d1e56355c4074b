using System.Globalization;
using Daso.Recording;

namespace Daso.Reporting;

/// <summary>When a training ran, by the calendar.</summary>
/// <param name="StartedUtc">When its models were built.</param>
/// <param name="EndedNs">When it was over, by the clock of its spans.</param>
/// <param name="ClockZeroUtc">
/// Where the clock of its spans stands at 0, read once at the start: whoever sets the calendar's clock meanwhile moves nothing.
/// </param>
/// <param name="IsResumed">Whether it was interrupted; the clock then stood still meanwhile.</param>
internal sealed record CellTimes(DateTimeOffset StartedUtc, long EndedNs, DateTimeOffset ClockZeroUtc, bool IsResumed)
{
    /// <summary>When the clock of the spans shows this.</summary>
    public DateTimeOffset At(long clockNs) => ClockZeroUtc.AddTicks(clockNs / TimeSpan.NanosecondsPerTick);

    /// <summary>Reads them from a run's log, for the trainings that it says are complete.</summary>
    /// <exception cref="UserErrorException">The log cannot be read.</exception>
    public static IReadOnlyDictionary<CellId, CellTimes> Read(RunFolder run)
    {
        var times = new Dictionary<CellId, CellTimes>();
        JsonLines.Read(run.Events, line =>
        {
            string name = line.GetProperty("event").GetString()!;
            if (name is not ("cell_started" or "cell_resumed" or "cell_ended"))
                return;
            CellId cell = RunEvents.CellOf(line);
            var utc = DateTimeOffset.Parse(line.GetProperty("utc").GetString()!, CultureInfo.InvariantCulture);
            long clockNs = line.GetProperty("time_ns").GetInt64();
            DateTimeOffset zero = utc.AddTicks(-clockNs / TimeSpan.NanosecondsPerTick);
            CellTimes known = times.GetValueOrDefault(cell) ?? new CellTimes(utc, clockNs, zero, IsResumed: false);
            times[cell] = known with { EndedNs = clockNs, IsResumed = known.IsResumed || name == "cell_resumed" };
        });

        return times;
    }
}
