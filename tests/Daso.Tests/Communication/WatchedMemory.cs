using System.Buffers;

namespace Daso.Tests.Communication;

/// <summary>A buffer that counts who touches it after it was freed.</summary>
internal sealed class WatchedMemory(int length) : MemoryManager<float>
{
    private readonly float[] _values = new float[length];
    private volatile bool _isFreed;
    private int _lateTouches;

    /// <summary>How often it was touched after it was freed.</summary>
    internal int LateTouches => Volatile.Read(ref _lateTouches);

    public override Memory<float> Memory => CreateMemory(_values.Length);

    public override Span<float> GetSpan()
    {
        if (_isFreed)
            Interlocked.Increment(ref _lateTouches);
        return _values;
    }

    public override MemoryHandle Pin(int elementIndex = 0) => _values.AsMemory(elementIndex).Pin();

    public override void Unpin()
    {
    }

    /// <summary>Frees it.</summary>
    internal void Free() => _isFreed = true;

    protected override void Dispose(bool disposing)
    {
    }
}
