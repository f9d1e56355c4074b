using static TorchSharp.torch;

namespace Daso.Gpu;

/// <summary>
/// Gives communicators the ranges of a flat tensor on a GPU: through a pinned copy, which a stream beside the computation fills and
/// empties, or the device's memory itself. The caller never waits: the communicator waits for a range to arrive, and the computation
/// for results. Used by one thread at a time.
/// </summary>
internal sealed class GpuTransfers : IDisposable
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

    /// <summary>A range's pinned copy, which what the computation has queued so far fills.</summary>
    internal Memory<float> Outgoing(int offset, int length)
    {
        StagedRange range = StagedAt(offset);
        CopyBeside(range.Marker, TensorAddress.Of(_staging), TensorAddress.Of(_values), offset, length);
        return range.Memory[..length];
    }

    /// <summary>A range's pinned copy, to be filled by the communicator.</summary>
    internal Memory<float> Incoming(int offset, int length)
    {
        StagedRange range = StagedAt(offset);
        _gpu.Mark(range.Marker, _side); // an older result may still be on its way out of it
        return range.Memory[..length];
    }

    /// <summary>Brings a range's pinned copy to the device, after what the computation has queued so far and before what it queues next.</summary>
    internal void Take(int offset, int length)
    {
        nint marker = StagedAt(offset).Marker;
        CopyBeside(marker, TensorAddress.Of(_values), TensorAddress.Of(_staging), offset, length);
        _gpu.WaitFor(marker, IGpu.ComputeStream);
    }

    /// <summary>A range in the device's memory, for a communicator that takes it; arrived when what the computation has queued so far is done.</summary>
    internal Memory<float> Direct(int offset, int length)
    {
        if (!_direct.TryGetValue(offset, out DeviceRange? range))
            _direct.Add(offset, range = new DeviceRange(_gpu, _values, offset));
        _gpu.Mark(range.Marker, IGpu.ComputeStream);
        return range.Memory[..length];
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

    private StagedRange StagedAt(int offset)
    {
        if (!_staged.TryGetValue(offset, out StagedRange? range))
            _staged.Add(offset, range = new StagedRange(_gpu, _staging, offset));
        return range;
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
