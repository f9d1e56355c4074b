using System.Buffers;
using Daso.Communication;
using static TorchSharp.torch;

namespace Daso.Gpu;

/// <summary>A pinned tensor's memory from an element to its end. Holds the tensor, so that no finalizer frees it.</summary>
/// <param name="gpu">Says whether the copies are done.</param>
/// <param name="pinned">float32 [n].</param>
/// <param name="offset">The first element.</param>
internal sealed unsafe class StagedRange(IGpu gpu, Tensor pinned, int offset) : ArrivingMemory
{
    private readonly Tensor _pinned = pinned;
    private readonly float* _start = (float*)TensorAddress.Of(pinned) + offset;
    private readonly int _length = (int)pinned.numel() - offset;

    /// <summary>Set behind the range's last copy.</summary>
    internal nint Marker { get; } = gpu.CreateMarker();

    internal override bool HasArrived => gpu.IsReached(Marker);

    public override Memory<float> Memory => CreateMemory(_length);

    public override Span<float> GetSpan() => new(_start, _length);

    public override MemoryHandle Pin(int elementIndex = 0) => new(_start + elementIndex);

    public override void Unpin()
    {
    }

    protected override void Dispose(bool disposing)
    {
    }
}
