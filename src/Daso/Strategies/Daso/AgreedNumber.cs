using Daso.Communication;
using Daso.Recording;

namespace Daso.Strategies;

/// <summary>
/// A number that all ranks agree on beside their training: each gives its own at the end of one step and takes what became of them in a
/// later one, the same on every rank. 4 bytes.
/// </summary>
/// <param name="world">All ranks; they start and take in the same steps.</param>
/// <param name="operation">What becomes of the ranks' numbers.</param>
/// <param name="timer">Measures the wait.</param>
internal sealed class AgreedNumber(ICommunicator world, ReduceOperation operation, StepTimer timer)
{
    private readonly float[] _value = new float[1];
    private PendingOperation _pending;
    private bool _isUnderWay;

    /// <summary>Gives this rank's number.</summary>
    internal void Start(float own)
    {
        _value[0] = own;
        _pending = world.StartAllReduce(_value, operation);
        _isUnderWay = true;
    }

    /// <summary>The number; null: none was started since the last.</summary>
    internal float? Take()
    {
        if (!_isUnderWay)
            return null;
        _isUnderWay = false;
        SpanMark start = timer.Mark();
        long bytes = _pending.Wait();
        timer.End(SpanKind.GlobalWait, start, bytes, _pending.Key());
        return _value[0];
    }
}
