using System.Globalization;
using Daso.Recording;

namespace Daso.Reporting;

/// <summary>When a training ran, by the calendar.</summary>
/// <param name="StartedUtc">When its models were built.</param>
/// <param name="EndedUtc">When it was over.</param>
/// <param name="ClockZeroUtc">Where the clock of its spans stands at 0.</param>
/// <param name="IsResumed">Whether it was interrupted; the clock then stood still meanwhile.</param>
internal sealed record CellTimes(DateTimeOffset StartedUtc, DateTimeOffset EndedUtc, DateTimeOffset ClockZeroUtc, bool IsResumed)
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
            DateTimeOffset zero = utc.AddTicks(-line.GetProperty("time_ns").GetInt64() / TimeSpan.NanosecondsPerTick);
            CellTimes known = times.GetValueOrDefault(cell) ?? new CellTimes(utc, utc, zero, IsResumed: false);
            times[cell] = known with { EndedUtc = utc, IsResumed = known.IsResumed || name == "cell_resumed" };
        });

        return times;
    }
}
