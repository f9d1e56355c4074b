namespace Daso.CommandLine;

/// <summary>How fast a long work goes on, said from time to time.</summary>
/// <param name="interval">From one time to the next.</param>
/// <param name="clock">Tells the time; given by tests.</param>
internal sealed class Pace(TimeSpan interval, TimeProvider clock)
{
    private (long Time, double Done)? _first;
    private (long Time, double Done) _last;

    /// <summary>What to say, if the time has come. The first call only notes where the work stands: a resumed one has done a part before.</summary>
    /// <param name="done">What is done.</param>
    /// <param name="total">All that is to be done.</param>
    internal Report? IfDue(double done, double total)
    {
        long now = clock.GetTimestamp();
        if (_first is not (long Time, double Done) first)
        {
            _first = _last = (now, done);
            return null;
        }

        TimeSpan sinceLast = clock.GetElapsedTime(_last.Time, now);
        if (sinceLast < interval || done <= _last.Done)
            return null;
        double perSecond = (done - _last.Done) / sinceLast.TotalSeconds;
        _last = (now, done);
        return new Report(done / total, clock.GetElapsedTime(first.Time, now) * ((total - done) / (done - first.Done)), perSecond);
    }

    /// <summary>How a work goes on.</summary>
    /// <param name="Share">Of it that is done.</param>
    /// <param name="Remaining">Time that it still takes if it goes on as it did on average.</param>
    /// <param name="PerSecond">What was done a second since the last report.</param>
    internal readonly record struct Report(double Share, TimeSpan Remaining, double PerSecond)
    {
        /// <summary>As in "37 %, 2 d 03:04:05 left".</summary>
        public override string ToString() => FormattableString.Invariant($"{100 * Share:0} %, ")
            + (Remaining.Days > 0 ? FormattableString.Invariant($"{Remaining.Days} d ") : "")
            + FormattableString.Invariant($"{Remaining:hh\\:mm\\:ss} left");
    }
}
