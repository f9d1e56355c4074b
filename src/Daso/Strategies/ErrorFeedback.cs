using Daso.Communication;
using Daso.Models;
using static TorchSharp.torch;
using TensorPrimitives = System.Numerics.Tensors.TensorPrimitives;

namespace Daso.Strategies;

/// <summary>
/// Rounds what a rank sends and keeps what the rounding dropped for its next send: s = round(v + e), then e := v + e − s. The errors of
/// successive sends cancel in place of adding up (Seide et al., 1-bit SGD, Interspeech 2014).
/// </summary>
/// <param name="length">Elements of every send.</param>
/// <param name="device">Where they are.</param>
internal sealed class ErrorFeedback(int length, Device device) : IDisposable
{
    /// <summary>32 KiB of each operand: a block stays in the core's cache over its passes.</summary>
    private const int BlockElements = 8 * 1024;

    private readonly FlatTensor _dropped = new(length, device);

    /// <summary>Replaces the values by what is sent for them.</summary>
    internal void Round(FlatTensor values, WireFormat wire)
    {
        if (values.IsStaged && TypeOf(wire) is ScalarType type)
        {
            RoundOnDevice(values.Tensor, type);
            return;
        }

        // A format that PyTorch does not know rounds on the host, wherever the values are.
        values.ToHost();
        _dropped.ToHost();
        RoundOnHost(values.Host.Span, wire);
        values.FromHost();
        _dropped.FromHost();
    }

    /// <summary>The same by PyTorch, whose conversions round as ours do: to nearest, ties to even.</summary>
    internal void RoundOnDevice(Tensor values, ScalarType type)
    {
        using var _ = no_grad();
        Tensor dropped = _dropped.Tensor;
        values.add_(dropped, Scalars.One);
        dropped.copy_(values);
        using Tensor rounded = values.to_type(type);
        values.copy_(rounded);
        dropped.add_(values, Scalars.MinusOne);
    }

    /// <summary>Writes what is kept, little-endian float32.</summary>
    internal void Save(BinaryWriter writer) => _dropped.Save(writer);

    /// <summary>Restores what <see cref="Save"/> wrote.</summary>
    internal void Load(BinaryReader reader) => _dropped.Load(reader);

    public void Dispose() => _dropped.Dispose();

    /// <summary>PyTorch's type of a built-in format; null of others.</summary>
    internal static ScalarType? TypeOf(WireFormat wire) =>
        wire == WireFormat.BFloat16 ? ScalarType.BFloat16
        : wire == WireFormat.Float16 ? ScalarType.Float16
        : wire == WireFormat.Float32 ? ScalarType.Float32
        : null;

    private void RoundOnHost(Span<float> values, WireFormat wire)
    {
        for (int start = 0; start < values.Length; start += BlockElements)
        {
            Span<float> block = values.Slice(start, Math.Min(BlockElements, values.Length - start));
            Span<float> dropped = _dropped.Host.Span.Slice(start, block.Length);
            TensorPrimitives.Add(block, dropped, block);
            block.CopyTo(dropped);
            wire.Round(block);
            TensorPrimitives.Subtract(dropped, block, dropped);
        }
    }
}
