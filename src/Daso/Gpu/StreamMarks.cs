using Daso.Communication;
using Daso.Recording;

namespace Daso.Gpu;

/// <summary>Marks on a GPU's compute stream: CUDA events with times. They resolve half a microsecond (cuEventElapsedTime).</summary>
internal sealed class StreamMarks : IStreamMarks
{
    /// <summary>Marks of some hundred steps: so far the host may run ahead of the device.</summary>
    private const int Marks = 4096;

    private readonly IGpu _gpu;
    private readonly nint[] _events;

    /// <summary>Makes the events.</summary>
    /// <param name="gpu">The rank's device.</param>
    /// <param name="count">How many; even.</param>
    internal StreamMarks(IGpu gpu, int count = Marks)
    {
        _gpu = gpu;
        _events = [.. Enumerable.Range(0, count).Select(_ => gpu.CreateTimedMarker())];
    }

    public int Count => _events.Length;

    public void Set(int mark) => _gpu.Mark(_events[mark], _gpu.ComputeStream);

    public bool IsPassed(int mark) => _gpu.IsReached(_events[mark]);

    public long ElapsedNs(int from, int to) => _gpu.ElapsedNs(_events[from], _events[to]);

    public void Dispose()
    {
        foreach (nint one in _events)
            _gpu.DestroyMarker(one);
    }
}
