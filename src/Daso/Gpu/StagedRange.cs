using System.Buffers;
using Daso.Communication;
using static TorchSharp.torch;

namespace Daso.Gpu;

/// <summary>A range of a tensor on a GPU, leased as its pinned copy. Holds the pinned tensor, so that no finalizer frees it.</summary>
/// <param name="transfers">The tensor and its streams.</param>
internal sealed unsafe class StagedRange(GpuTransfers transfers) : ArrivingMemory, IMemoryLease
{
    private readonly IGpu _gpu = transfers.Gpu;
    private readonly Tensor _pinned = transfers.Staging;
    private readonly float* _start = (float*)TensorAddress.Of(transfers.Staging);
    private readonly int _length = (int)transfers.Staging.numel();
    private readonly nint _arrived = transfers.Gpu.CreateMarker();
    private readonly nint _returned = transfers.Gpu.CreateMarker();
    private LeaseRequest _request;
    private bool _isFilled;

    /// <inheritdoc />
    public override bool HasArrived => TryFill() && _gpu.IsReached(_arrived);

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

    /// <summary>Brings the result to the device, beside the computation.</summary>
    public override void Complete()
    {
        if (_request.Writes.Length == 0)
            return;
        // The range may be written once its old values are out and whatever read them before is done.
        _gpu.WaitFor(_arrived, transfers.In);
        Copy(TensorAddress.Of(transfers.Values), (nint)_start, _request.Writes, transfers.In);
        _gpu.Mark(_returned, transfers.In);
    }

    /// <inheritdoc />
    public void Precede(nint stream) => _gpu.WaitFor(_request.Writes.Length == 0 ? _arrived : _returned, stream);

    /// <inheritdoc />
    public void Return()
    {
        if (_request.Writes.Length > 0)
            Precede(_gpu.ComputeStream);
    }

    /// <summary>Hands the range out.</summary>
    internal StagedRange Lease(in LeaseRequest request)
    {
        _request = request;
        _isFilled = false;
        TryFill();
        return this;
    }

    /// <summary>Frees the markers.</summary>
    internal void Free()
    {
        _gpu.DestroyMarker(_arrived);
        _gpu.DestroyMarker(_returned);
    }

    /// <inheritdoc />
    protected override void Dispose(bool disposing)
    {
    }

    private bool TryFill()
    {
        if (_isFilled)
            return true;
        if (!transfers.TryBeginOut(_request.After, _arrived))
            return false;
        if (_request.Reads.Length > 0)
            Copy((nint)_start, TensorAddress.Of(transfers.Values), _request.Reads, transfers.Out);
        _gpu.Mark(_arrived, transfers.Out);
        _isFilled = true;
        return true;
    }

    private void Copy(nint target, nint source, (int Offset, int Length) part, nint stream)
    {
        nint start = ((nint)_request.Offset + part.Offset) * sizeof(float);
        _gpu.Copy(target + start, source + start, (nuint)part.Length * sizeof(float), stream);
    }
}
