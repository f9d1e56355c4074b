using Daso.Timing;

namespace Daso.Recording;

/// <summary>
/// The clock of one cell's ranks. In a resumed cell it stands still from the last span before the checkpoint until training goes on, so
/// that durations and times over its steps stay what training took.
/// </summary>
internal sealed class CellClock
{
    private readonly Lock _lock = new();
    private long _continuesAtNs;
    private long _shiftNs;
    private volatile bool _isStarted;

    /// <summary>The time since the cell's first process began.</summary>
    public long NowNs => ProcessClock.NowNs + Volatile.Read(ref _shiftNs);

    /// <summary>A span ended here before the interruption.</summary>
    public void ContinueAfter(long endNs)
    {
        lock (_lock)
            _continuesAtNs = Math.Max(_continuesAtNs, endNs);
    }

    /// <summary>Training goes on; the first rank that says so counts.</summary>
    public void Start()
    {
        if (_isStarted)
            return;
        lock (_lock)
        {
            if (!_isStarted && _continuesAtNs > 0)
                Volatile.Write(ref _shiftNs, _continuesAtNs - ProcessClock.NowNs);
            _isStarted = true;
        }
    }
}
