using System.Buffers;

namespace Daso.Tests.Communication;

/// <summary>A buffer that holds up whoever touches it first.</summary>
/// <param name="touched">Called when it is touched; returns when that may go on.</param>
internal sealed class HeldMemory(Action touched) : MemoryManager<float>
{
    private readonly float[] _values = new float[1];
    private int _touches;

    public override Memory<float> Memory => CreateMemory(_values.Length);

    public override Span<float> GetSpan()
    {
        if (Interlocked.Increment(ref _touches) == 1)
            touched();
        return _values;
    }

    public override MemoryHandle Pin(int elementIndex = 0) => _values.AsMemory(elementIndex).Pin();

    public override void Unpin()
    {
    }

    protected override void Dispose(bool disposing)
    {
    }
}
