using System.Buffers;
using Daso.Communication;
using TorchSharp;
using static TorchSharp.torch;

namespace Daso.Gpu;

/// <summary>The memory of a tensor on a GPU from an element to its end. Holds the tensor, so that no finalizer frees it.</summary>
/// <param name="gpu">Says whether the computation before is done.</param>
/// <param name="values">float32 [n].</param>
/// <param name="offset">The first element.</param>
internal sealed unsafe class DeviceRange(IGpu gpu, Tensor values, int offset) : DeviceMemory
{
    /// <summary>Set behind the computation that the range's values come from.</summary>
    internal nint Marker { get; } = gpu.CreateMarker();

    internal override bool HasArrived => gpu.IsReached(Marker);

    public override Memory<float> Memory => CreateMemory((int)values.numel() - offset);

    public override MemoryHandle Pin(int elementIndex = 0) => new((float*)TensorAddress.Of(values) + offset + elementIndex);

    public override void Unpin()
    {
    }

    /// <summary>Queued on the compute stream, before whatever uses the result.</summary>
    internal override void Divide(int start, int length, int divisor)
    {
        using var _ = no_grad();
        using Tensor part = values.narrow(0, offset + start, length);
        using Scalar divisorScalar = divisor.ToScalar();
        part.div_(divisorScalar);
    }

    protected override void Dispose(bool disposing)
    {
    }
}
