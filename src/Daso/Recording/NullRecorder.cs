using Daso.Timing;

namespace Daso.Recording;

/// <summary>Keeps nothing: for untimed warm-up. Its clock runs, because a strategy may go by it.</summary>
internal sealed class NullRecorder : IRecorder
{
    private NullRecorder()
    {
    }

    /// <summary>The only one; it has no state.</summary>
    public static NullRecorder Instance { get; } = new();

    /// <inheritdoc />
    public long NowNs => ProcessClock.NowNs;

    /// <inheritdoc />
    public void MoveTo(int epoch, int step)
    {
    }

    /// <inheritdoc />
    public void Span(SpanKind kind, long startNs, long durationNs, long bytes = 0, OperationKey? operation = null)
    {
    }

    /// <inheritdoc />
    public void Metric(string name, double value)
    {
    }

    /// <inheritdoc />
    public void EndStep()
    {
    }
}
