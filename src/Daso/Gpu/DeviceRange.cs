using Daso.Communication;
using TorchSharp;
using static TorchSharp.torch;

namespace Daso.Gpu;

/// <summary>
/// A range of a tensor on a GPU, leased as the device's own memory: the range itself, or, in a 16-bit wire format, a packed copy that the
/// device makes before the operation and unpacks after it. Holds the tensor, so that no finalizer frees it.
/// </summary>
internal sealed class DeviceRange : DeviceMemory, IMemoryLease
{
    private readonly GpuTransfers _transfers;
    private readonly IGpu _gpu;
    private readonly Tensor _values;
    private readonly Action _prepare;
    private readonly Action _finish;
    private readonly Action _share;
    private readonly nint _ready;
    private readonly nint _result;
    private readonly nint _returned;
    private readonly Dictionary<WireFormat, Tensor> _packed = [];
    private DeviceRange[] _members = [];
    private CollectiveCall _call;
    private int _rank;
    private LeaseRequest _request;
    private Tensor? _inUse;
    private bool _isQueued;

    internal DeviceRange(GpuTransfers transfers)
    {
        _transfers = transfers;
        _gpu = transfers.Gpu;
        _values = transfers.Values;
        _prepare = Prepare;
        _finish = Finish;
        _share = Share;
        _ready = _gpu.CreateMarker();
        _result = _gpu.CreateMarker();
        _returned = _gpu.CreateMarker();
    }

    /// <inheritdoc />
    public override bool HasArrived => IsQueued && _gpu.IsReached(_ready);

    /// <inheritdoc />
    public override bool IsQueued => TryQueue();

    /// <inheritdoc />
    public TensorRange Range => new(this, ElementType.Float32, _request.Offset, _request.Length);

    /// <inheritdoc />
    void IMemoryLease.Precede(nint stream) => _gpu.WaitFor(_returned, stream);

    /// <inheritdoc />
    public override void Precede(nint stream) => _gpu.WaitFor(_ready, stream);

    /// <inheritdoc />
    internal override void Succeed(nint stream)
    {
        _gpu.Mark(_result, stream);
        _gpu.WaitFor(_result, _transfers.In);
    }

    /// <inheritdoc />
    public override void Complete()
    {
        _gpu.WaitFor(_ready, _transfers.In);
        if ((_inUse is not null || _request.DivisorAfter != 1) && _request.Writes.Length > 0)
            _gpu.Compute(_transfers.In, _finish);
        _gpu.Mark(_returned, _transfers.In);
    }

    /// <inheritdoc />
    public void Return() => _gpu.WaitFor(_returned, _gpu.ComputeStream);

    /// <summary>Hands the range out.</summary>
    internal DeviceRange Lease(in LeaseRequest request)
    {
        _request = request;
        _inUse = PackedFor(request);
        _isQueued = false;
        TryQueue();
        return this;
    }

    /// <summary>Frees the markers and the packed copies.</summary>
    internal void Free()
    {
        foreach (nint marker in (nint[])[_ready, _result, _returned])
            _gpu.DestroyMarker(marker);
        foreach (Tensor packed in _packed.Values)
            packed.Dispose();
    }

    /// <inheritdoc />
    internal override nint AddressOf(int offset) => _inUse is null
        ? TensorAddress.Of(_values) + ((nint)offset * sizeof(float))
        : TensorAddress.Of(_inUse) + ((nint)(offset - _request.Offset) * (nint)_inUse.ElementSize);

    /// <inheritdoc />
    internal override void QueueShare(CollectiveCall call, ReadOnlySpan<TensorRange> members, int rank)
    {
        if (_members.Length != members.Length)
            _members = new DeviceRange[members.Length];
        (_call, _rank) = (call, rank);
        for (int i = 0; i < members.Length; i++)
        {
            _members[i] = (DeviceRange)members[i].Memory!;
            _members[i].Precede(_transfers.In);
        }

        _gpu.Compute(_transfers.In, _share);
        _gpu.Mark(_result, _transfers.In);
    }

    /// <inheritdoc />
    internal override void AwaitShares()
    {
        foreach (DeviceRange member in _members)
            _gpu.WaitFor(member._result, _transfers.In);
    }

    private bool TryQueue()
    {
        if (_isQueued)
            return true;
        if (!_transfers.TryBeginOut(_request.After, _ready))
            return false;
        if ((_inUse is not null || _request.DivisorBefore != 1) && _request.Reads.Length > 0)
            _gpu.Compute(_transfers.Out, _prepare);
        _gpu.Mark(_ready, _transfers.Out);
        _isQueued = true;
        return true;
    }

    private Tensor? PackedFor(in LeaseRequest request)
    {
        if (WireTypes.TypeOf(request.Wire) is not ScalarType type || type == ScalarType.Float32)
            return null;
        if (!_packed.TryGetValue(request.Wire, out Tensor? packed) || packed.numel() < request.Length)
            _packed[request.Wire] = packed = empty(request.Length, type, _values.device).DetachFromDisposeScope();
        return packed;
    }

    /// <summary>Rounds the contribution, divides it, and rounds again, as <see cref="Reduction.Prepare"/> does.</summary>
    private void Prepare()
    {
        using var _ = no_grad();
        using Tensor own = Part(_request.Reads);
        using Tensor? packed = Packed(_request.Reads);
        packed?.copy_(own);
        Divide(packed ?? own, _request.DivisorBefore);
    }

    private void Finish()
    {
        using var _ = no_grad();
        using Tensor own = Part(_request.Writes);
        using Tensor? packed = Packed(_request.Writes);
        Divide(packed ?? own, _request.DivisorAfter);
        if (packed is not null)
            own.copy_(packed);
    }

    /// <summary>
    /// By PyTorch, whose copies between devices are the peers' own. Sums are taken in the members' order and, of 16-bit copies, rounded after
    /// every addition, as <see cref="Reduction"/> does on the host.
    /// </summary>
    private void Share()
    {
        using var _ = no_grad();
        switch (_call.Kind)
        {
            case CollectiveKind.AllReduce:
                Reduce(Partition.Even(_request.Length, _members.Length)[_rank], _members);
                break;
            case CollectiveKind.ReduceScatter:
                Reduce(_call.Parts![_rank], [this]);
                break;
            case CollectiveKind.AllGather:
                for (int i = 0; i < _members.Length; i++)
                {
                    if (i != _rank)
                        CopyFrom(_members[i], _call.Parts![i]);
                }

                break;
            case CollectiveKind.Broadcast when _rank != _call.Root:
                CopyFrom(_members[_call.Root], (0, _request.Length));
                break;
        }
    }

    private void Reduce((int Offset, int Length) part, ReadOnlySpan<DeviceRange> targets)
    {
        if (part.Length == 0)
            return;
        using Tensor first = _members[0].Wire(part);
        using Tensor sum = first.device_index == _values.device_index ? first.clone() : first.to(_values.device);
        for (int i = 1; i < _members.Length; i++)
        {
            using Tensor there = _members[i].Wire(part);
            using Tensor here = there.device_index == _values.device_index ? there.alias() : there.to(_values.device);
            Accumulate(sum, here);
        }

        foreach (DeviceRange target in targets)
        {
            using Tensor result = target.Wire(part);
            result.copy_(sum);
        }
    }

    private void Accumulate(Tensor sum, Tensor more)
    {
        if (_call.Operation is ReduceOperation.Min or ReduceOperation.Max)
        {
            using Tensor chosen = _call.Operation == ReduceOperation.Min ? sum.minimum(more) : sum.maximum(more);
            sum.copy_(chosen);
            return;
        }

        sum.add_(more);
    }

    private void CopyFrom(DeviceRange source, (int Offset, int Length) part)
    {
        using Tensor own = Wire(part);
        using Tensor given = source.Wire(part);
        own.copy_(given);
    }

    /// <summary>What travels of a part: the packed copy's, or the values themselves.</summary>
    private Tensor Wire((int Offset, int Length) part) => Packed(part) ?? Part(part);

    private Tensor Part((int Offset, int Length) part) => _values.narrow(0, _request.Offset + part.Offset, part.Length);

    private Tensor? Packed((int Offset, int Length) part) => _inUse?.narrow(0, part.Offset, part.Length);

    private static void Divide(Tensor values, int divisor)
    {
        if (divisor == 1)
            return;
        using Scalar scalar = divisor.ToScalar();
        values.div_(scalar);
    }
}
