using System.Buffers;
using Daso.Communication;
using static TorchSharp.torch;

namespace Daso.Gpu;

/// <summary>A range of a tensor on a GPU, leased as its pinned copy. Holds the pinned tensor, so that no finalizer frees it.</summary>
/// <param name="transfers">Moves the copies.</param>
/// <param name="gpu">Says whether they are done.</param>
/// <param name="pinned">float32 [n].</param>
internal sealed unsafe class StagedRange(GpuTransfers transfers, IGpu gpu, Tensor pinned) : ArrivingMemory, IMemoryLease
{
    private readonly Tensor _pinned = pinned;
    private readonly float* _start = (float*)TensorAddress.Of(pinned);
    private readonly int _length = (int)pinned.numel();
    private LeaseRequest _request;

    /// <summary>Set behind the range's last copy.</summary>
    internal nint Marker { get; } = gpu.CreateMarker();

    /// <inheritdoc />
    public override bool HasArrived => gpu.IsReached(Marker);

    /// <inheritdoc />
    public TensorRange Range => new(this, ElementType.Float32, _request.Offset, _request.Length);

    /// <inheritdoc />
    public override Memory<float> Memory => CreateMemory(_length);

    /// <inheritdoc />
    public override Span<float> GetSpan() => new(_start, _length);

    /// <inheritdoc />
    public override MemoryHandle Pin(int elementIndex = 0) => new(_start + elementIndex);

    /// <inheritdoc />
    public override void Unpin()
    {
    }

    /// <summary>Hands the range out.</summary>
    internal StagedRange Lease(in LeaseRequest request)
    {
        _request = request;
        transfers.Fill(Marker, request.Offset + request.Reads.Offset, request.Reads.Length);
        return this;
    }

    /// <inheritdoc />
    public void Return() => transfers.Take(Marker, _request.Offset + _request.Writes.Offset, _request.Writes.Length);

    /// <inheritdoc />
    protected override void Dispose(bool disposing)
    {
    }
}
