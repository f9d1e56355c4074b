using Daso.Recording;
using Daso.Timing;

namespace Daso.Tests.Training;

/// <summary>Ends a training at a chosen moment: when it is told something for the given time since a step has begun.</summary>
/// <param name="atStep">The step, from 0.</param>
/// <param name="atCall">The call within it, from 0; the next step's first call if it has fewer.</param>
internal sealed class FaultyRecorder(int atStep, int atCall) : IRecorder
{
    internal const string Reason = "killed";
    private int _step;
    private int _calls;

    /// <summary>The step that training began with.</summary>
    internal int? FirstStep { get; private set; }

    public long NowNs => ProcessClock.NowNs;

    public void MoveTo(int epoch, int step)
    {
        FirstStep ??= step;
        _step = step;
        Count();
    }

    public void Span(SpanKind kind, long startNs, long durationNs, long bytes = 0, OperationKey? operation = null) => Count();

    public void Metric(string name, double value) => Count();

    public void EndStep() => Count();

    private void Count()
    {
        if (_step > atStep || (_step == atStep && _calls++ == atCall))
            throw new InvalidOperationException(Reason);
    }
}
