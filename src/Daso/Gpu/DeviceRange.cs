using Daso.Communication;
using TorchSharp;
using static TorchSharp.torch;

namespace Daso.Gpu;

/// <summary>The memory of a tensor on a GPU from an element on, leased as it is. Holds the tensor, so that no finalizer frees it.</summary>
/// <param name="gpu">Says whether the computation before is done.</param>
/// <param name="values">float32 [n].</param>
internal sealed class DeviceRange(IGpu gpu, Tensor values) : DeviceMemory, IMemoryLease
{
    private LeaseRequest _request;

    /// <summary>Set behind the computation that the range's values come from.</summary>
    internal nint Marker { get; } = gpu.CreateMarker();

    /// <inheritdoc />
    public override bool HasArrived => gpu.IsReached(Marker);

    /// <inheritdoc />
    public TensorRange Range => new(this, ElementType.Float32, _request.Offset, _request.Length);

    /// <summary>Hands the range out.</summary>
    internal DeviceRange Lease(in LeaseRequest request)
    {
        _request = request;
        Divide(request.DivisorBefore);
        gpu.Mark(Marker, IGpu.ComputeStream);
        return this;
    }

    /// <inheritdoc />
    public void Return() => Divide(_request.DivisorAfter);

    /// <inheritdoc />
    internal override nint AddressOf(int offset) => TensorAddress.Of(values) + ((nint)offset * sizeof(float));

    /// <summary>Queued on the compute stream, between what was queued there before and what will be.</summary>
    private void Divide(int divisor)
    {
        if (divisor == 1)
            return;
        using var _ = no_grad();
        using Tensor part = values.narrow(0, _request.Offset, _request.Length);
        using Scalar divisorScalar = divisor.ToScalar();
        part.div_(divisorScalar);
    }
}
