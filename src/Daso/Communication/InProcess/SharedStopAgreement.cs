namespace Daso.Communication.InProcess;

/// <summary>For ranks that are threads of one process.</summary>
/// <param name="ranks">How many.</param>
internal sealed class SharedStopAgreement(int ranks) : IStopAgreement
{
    private readonly Lock _lock = new();
    private readonly StopPlace[] _passed = [.. Enumerable.Repeat(StopPlace.None, ranks)];
    private StopPlace? _lastPassed;

    public void Request()
    {
        lock (_lock)
            _lastPassed ??= _passed.Aggregate(StopPlace.Later);
    }

    public bool StopsAt(int rank, StopPlace here)
    {
        lock (_lock)
        {
            if (_lastPassed is StopPlace last && here.IsAfter(last))
                return true;
            _passed[rank] = here;
            return false;
        }
    }
}
