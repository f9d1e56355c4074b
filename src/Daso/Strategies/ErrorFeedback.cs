using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Daso.Communication;

namespace Daso.Strategies;

/// <summary>
/// Rounds what a rank sends and keeps what the rounding dropped for its next send: s = round(v + e), then e := v + e − s. The errors of
/// successive sends cancel in place of adding up (Seide et al., 1-bit SGD, Interspeech 2014).
/// </summary>
/// <param name="length">Elements of every send.</param>
internal sealed class ErrorFeedback(int length)
{
    /// <summary>32 KiB of each operand: a block stays in the core's cache over its passes.</summary>
    private const int BlockElements = 8 * 1024;

    private readonly float[] _dropped = new float[length];

    /// <summary>Replaces the values by what is sent for them.</summary>
    internal void Round(Span<float> values, WireFormat wire)
    {
        for (int start = 0; start < values.Length; start += BlockElements)
        {
            Span<float> block = values.Slice(start, Math.Min(BlockElements, values.Length - start));
            Span<float> dropped = _dropped.AsSpan(start, block.Length);
            TensorPrimitives.Add(block, dropped, block);
            block.CopyTo(dropped);
            wire.Round(block);
            TensorPrimitives.Subtract(dropped, block, dropped);
        }
    }

    /// <summary>Writes what is kept, little-endian float32.</summary>
    internal void Save(BinaryWriter writer) => writer.Write(MemoryMarshal.AsBytes(_dropped.AsSpan()));

    /// <summary>Restores what <see cref="Save"/> wrote.</summary>
    internal void Load(BinaryReader reader) => reader.BaseStream.ReadExactly(MemoryMarshal.AsBytes(_dropped.AsSpan()));
}
