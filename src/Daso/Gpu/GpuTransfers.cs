using Daso.Communication;
using static TorchSharp.torch;

namespace Daso.Gpu;

/// <summary>
/// Leases ranges of a flat tensor on a GPU: as a pinned copy, or the device's memory itself. Two streams of the tensor's own run beside the
/// computation: one brings values out, the other brings results in, so that neither waits for the other's ranges. The caller never waits:
/// the communicator waits for a range to arrive, and the computation for results. At most one operation at a time uses the range that
/// begins at an element. Used by one thread at a time, but for what an operation's memory is asked by the communicator.
/// </summary>
internal sealed class GpuTransfers : DeviceTensor, IDisposable
{
    private readonly Dictionary<int, StagedRange> _staged = [];
    private readonly Dictionary<int, DeviceRange> _direct = [];

    /// <summary>Prepares the transfers of a tensor.</summary>
    /// <param name="gpu">The tensor's device.</param>
    /// <param name="values">float32 [n], on the device.</param>
    /// <param name="staging">float32 [n], pinned.</param>
    internal GpuTransfers(IGpu gpu, Tensor values, Tensor staging)
    {
        Gpu = gpu;
        Values = values;
        Staging = staging;
        Out = gpu.CreateStream();
        In = gpu.CreateStream();
    }

    /// <summary>The device.</summary>
    internal IGpu Gpu { get; }

    /// <summary>float32 [n], on the device.</summary>
    internal Tensor Values { get; }

    /// <summary>float32 [n], pinned.</summary>
    internal Tensor Staging { get; }

    /// <summary>The stream on which values leave.</summary>
    internal nint Out { get; }

    /// <summary>The stream on which results come back.</summary>
    internal nint In { get; }

    /// <summary>Waits for the copies under way.</summary>
    public void Dispose()
    {
        Gpu.DestroyStream(Out);
        Gpu.DestroyStream(In);
        foreach (StagedRange range in _staged.Values)
            range.Free();
        foreach (DeviceRange range in _direct.Values)
            range.Free();
    }

    /// <inheritdoc />
    internal override IMemoryLease Lease(in LeaseRequest request)
    {
        if (request.IsDirect)
        {
            if (!_direct.TryGetValue(request.Offset, out DeviceRange? direct))
                _direct.Add(request.Offset, direct = new DeviceRange(this));
            return direct.Lease(request);
        }

        if (!_staged.TryGetValue(request.Offset, out StagedRange? staged))
            _staged.Add(request.Offset, staged = new StagedRange(this));
        return staged.Lease(request);
    }

    /// <summary>
    /// Lets the stream out go on from what a range's values come from. False where that is not queued yet: it is asked again when the
    /// communicator asks for the range.
    /// </summary>
    /// <param name="after">What the values come from; null: all computation queued so far.</param>
    /// <param name="marker">A marker of the range's.</param>
    internal bool TryBeginOut(IPrecedingWork? after, nint marker)
    {
        if (after is null)
        {
            Gpu.Mark(marker, Gpu.ComputeStream);
            Gpu.WaitFor(marker, Out);
            return true;
        }

        if (!after.IsQueued)
            return false;
        after.Precede(Out);
        return true;
    }
}
