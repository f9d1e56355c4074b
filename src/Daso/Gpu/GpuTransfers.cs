using Daso.Communication;
using static TorchSharp.torch;

namespace Daso.Gpu;

/// <summary>
/// Leases ranges of a flat tensor on a GPU: as a pinned copy, which a stream beside the computation fills and empties, or the device's
/// memory itself. The caller never waits: the communicator waits for a range to arrive, and the computation for results. At most one
/// operation at a time uses the range that begins at an element. Used by one thread at a time.
/// </summary>
internal sealed class GpuTransfers : DeviceTensor, IDisposable
{
    private readonly IGpu _gpu;
    private readonly Tensor _values;
    private readonly Tensor _staging;
    private readonly nint _side;
    private readonly Dictionary<int, StagedRange> _staged = [];
    private readonly Dictionary<int, DeviceRange> _direct = [];

    /// <summary>Prepares the transfers of a tensor.</summary>
    /// <param name="gpu">The tensor's device.</param>
    /// <param name="values">float32 [n], on the device.</param>
    /// <param name="staging">float32 [n], pinned.</param>
    internal GpuTransfers(IGpu gpu, Tensor values, Tensor staging)
    {
        _gpu = gpu;
        _values = values;
        _staging = staging;
        _side = gpu.CreateStream();
    }

    /// <summary>Waits for the copies under way.</summary>
    public void Dispose()
    {
        _gpu.DestroyStream(_side);
        foreach (StagedRange range in _staged.Values)
            _gpu.DestroyMarker(range.Marker);
        foreach (DeviceRange range in _direct.Values)
            _gpu.DestroyMarker(range.Marker);
    }

    /// <inheritdoc />
    internal override IMemoryLease Lease(in LeaseRequest request)
    {
        if (request.IsDirect)
        {
            if (!_direct.TryGetValue(request.Offset, out DeviceRange? direct))
                _direct.Add(request.Offset, direct = new DeviceRange(_gpu, _values));
            return direct.Lease(request);
        }

        if (!_staged.TryGetValue(request.Offset, out StagedRange? staged))
            _staged.Add(request.Offset, staged = new StagedRange(this, _gpu, _staging));
        return staged.Lease(request);
    }

    /// <summary>Fills a part of the pinned copy with what the computation has queued so far, and marks that; an older copy out of it comes first.</summary>
    internal void Fill(nint marker, int offset, int length)
    {
        if (length > 0)
            CopyBeside(marker, TensorAddress.Of(_staging), TensorAddress.Of(_values), offset, length);
        else
            _gpu.Mark(marker, _side);
    }

    /// <summary>Brings a part of the pinned copy to the device, after what the computation has queued so far and before what it queues next.</summary>
    internal void Take(nint marker, int offset, int length)
    {
        if (length == 0)
            return;
        CopyBeside(marker, TensorAddress.Of(_values), TensorAddress.Of(_staging), offset, length);
        _gpu.WaitFor(marker, IGpu.ComputeStream);
    }

    private void CopyBeside(nint marker, nint target, nint source, int offset, int length)
    {
        nint start = (nint)offset * sizeof(float);
        _gpu.Mark(marker, IGpu.ComputeStream);
        _gpu.WaitFor(marker, _side);
        _gpu.Copy(target + start, source + start, (nuint)length * sizeof(float), _side);
        _gpu.Mark(marker, _side);
    }
}
