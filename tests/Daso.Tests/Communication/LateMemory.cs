using System.Buffers;
using Daso.Communication;

namespace Daso.Tests.Communication;

/// <summary>A buffer whose values arrive after a while; touching it earlier fails.</summary>
internal sealed class LateMemory : ArrivingMemory
{
    private readonly float[] _values;
    private volatile bool _hasArrived;

    /// <summary>Lets values arrive.</summary>
    internal LateMemory(float[] values, int afterMs)
    {
        _values = new float[values.Length];
        _ = Task.Delay(afterMs).ContinueWith(
            _ =>
            {
                values.CopyTo(_values, 0);
                _hasArrived = true;
            },
            TaskScheduler.Default);
    }

    public override bool HasArrived => _hasArrived;

    public override Memory<float> Memory => CreateMemory(_values.Length);

    public override Span<float> GetSpan() => _hasArrived ? _values : throw new InvalidOperationException("touched before it has arrived");

    public override MemoryHandle Pin(int elementIndex = 0) => _values.AsMemory(elementIndex).Pin();

    public override void Unpin()
    {
    }

    protected override void Dispose(bool disposing)
    {
    }
}
