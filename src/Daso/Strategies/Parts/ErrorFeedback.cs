using Daso.Communication;
using Daso.Gpu;
using Daso.Models;
using static TorchSharp.torch;
using TensorPrimitives = System.Numerics.Tensors.TensorPrimitives;

namespace Daso.Strategies;

/// <summary>
/// Keeps what a lossy payload has dropped of a rank's values for its next one: v := v + e, s = C(v), e := v − s. The errors of successive
/// sends cancel in place of adding up (Seide et al., 1-bit SGD, Interspeech 2014). Rounding to a wire format is one call; any other
/// compression is made between <see cref="Compensate"/> and <see cref="Keep"/>.
/// </summary>
/// <param name="length">Elements of every send.</param>
/// <param name="device">Where they are.</param>
public sealed class ErrorFeedback(int length, Device device) : IDisposable
{
    /// <summary>32 KiB of each operand: a block stays in the core's cache over its passes.</summary>
    private const int BlockElements = 8 * 1024;

    /// <summary>e: float32 [length]; 0 at first.</summary>
    public FlatTensor Dropped { get; } = new(length, device);

    /// <summary>v := v + e, and e := v until <see cref="Keep"/>.</summary>
    /// <param name="values">v: float32 [length].</param>
    public void Compensate(FlatTensor values)
    {
        using var _ = no_grad();
        values.Tensor.add_(Dropped.Tensor, Scalars.One);
        Dropped.Tensor.copy_(values.Tensor);
    }

    /// <summary>e := v − s.</summary>
    /// <param name="sent">s, what the receivers make of the payload: float32 [length].</param>
    public void Keep(FlatTensor sent)
    {
        using var _ = no_grad();
        Dropped.Tensor.add_(sent.Tensor, Scalars.MinusOne);
    }

    /// <summary>Replaces the values by what a wire format makes of them with e: all three steps, block by block in host memory.</summary>
    /// <param name="values">v, then s: float32 [length].</param>
    /// <param name="wire">How they travel.</param>
    public void Round(FlatTensor values, WireFormat wire)
    {
        if (values.IsStaged && WireTypes.TypeOf(wire) is ScalarType type)
        {
            RoundOnDevice(values.Tensor, type);
            return;
        }

        // A format that PyTorch does not know rounds on the host, wherever the values are.
        values.ToHost();
        Dropped.ToHost();
        RoundOnHost(values.Host.Span, wire);
        values.FromHost();
        Dropped.FromHost();
    }

    /// <summary>The same by PyTorch, whose conversions round as ours do: to nearest, ties to even.</summary>
    internal void RoundOnDevice(Tensor values, ScalarType type)
    {
        using var _ = no_grad();
        Tensor dropped = Dropped.Tensor;
        values.add_(dropped, Scalars.One);
        dropped.copy_(values);
        using Tensor rounded = values.to_type(type);
        values.copy_(rounded);
        dropped.add_(values, Scalars.MinusOne);
    }

    /// <summary>Writes e, little-endian float32.</summary>
    public void Save(BinaryWriter writer) => Dropped.Save(writer, "residual");

    /// <summary>Restores what <see cref="Save"/> wrote.</summary>
    public void Load(BinaryReader reader) => Dropped.Load(reader);

    /// <inheritdoc />
    public void Dispose() => Dropped.Dispose();

    private void RoundOnHost(Span<float> values, WireFormat wire)
    {
        for (int start = 0; start < values.Length; start += BlockElements)
        {
            Span<float> block = values.Slice(start, Math.Min(BlockElements, values.Length - start));
            Span<float> dropped = Dropped.Host.Span.Slice(start, block.Length);
            TensorPrimitives.Add(block, dropped, block);
            block.CopyTo(dropped);
            wire.Round(block);
            TensorPrimitives.Subtract(dropped, block, dropped);
        }
    }
}
