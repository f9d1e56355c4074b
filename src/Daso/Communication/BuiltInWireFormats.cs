using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace Daso.Communication;

/// <summary>The numbers as they are.</summary>
internal sealed record Float32Format : WireFormat
{
    /// <inheritdoc />
    public override string Name => "Float32";

    /// <inheritdoc />
    public override long BytesFor(long elements) => elements * sizeof(float);

    /// <inheritdoc />
    public override void Round(Span<float> values)
    {
    }

    /// <inheritdoc />
    public override void Pack(ReadOnlySpan<float> values, Span<byte> bytes) => MemoryMarshal.AsBytes(values).CopyTo(bytes);

    /// <inheritdoc />
    public override void Unpack(ReadOnlySpan<byte> bytes, Span<float> values) =>
        bytes[..(values.Length * sizeof(float))].CopyTo(MemoryMarshal.AsBytes(values));
}

/// <summary>The upper halves, to nearest, ties to even (IEEE 754 §4.3.1).</summary>
internal sealed record BFloat16Format : WireFormat
{
    /// <inheritdoc />
    public override string Name => "BFloat16";

    /// <summary>Half a last place above the largest, 0x7f7f.</summary>
    public override float RoundsToInfinityFrom => BitConverter.UInt32BitsToSingle(0x7f7f_8000);

    /// <inheritdoc />
    public override long BytesFor(long elements) => elements * sizeof(ushort);

    /// <inheritdoc />
    public override void Round(Span<float> values)
    {
        Span<uint> bits = MemoryMarshal.Cast<float, uint>(values);
        int i = 0;
        for (; i <= bits.Length - Vector<uint>.Count; i += Vector<uint>.Count)
        {
            var vector = new Vector<uint>(bits[i..]);
            Vector<uint> rounded = vector + new Vector<uint>(0x7fff) + (Vector.ShiftRightLogical(vector, 16) & Vector<uint>.One);
            Vector<float> asFloat = Vector.AsVectorSingle(vector);
            // Rounding up could turn a NaN's low fraction bits into infinity or zero: NaNs become quiet NaNs instead.
            Vector<uint> isNumber = Vector.AsVectorUInt32(Vector.Equals(asFloat, asFloat));
            Vector<uint> kept = Vector.ConditionalSelect(isNumber, rounded, vector | new Vector<uint>(0x0040_0000));
            (kept & new Vector<uint>(0xffff_0000)).CopyTo(bits[i..]);
        }

        for (; i < bits.Length; i++)
        {
            uint value = bits[i];
            uint rounded = float.IsNaN(values[i]) ? value | 0x0040_0000 : value + 0x7fff + ((value >> 16) & 1);
            bits[i] = rounded & 0xffff_0000;
        }
    }

    /// <summary>Bits are kept, those of a NaN too.</summary>
    public override void Pack(ReadOnlySpan<float> values, Span<byte> bytes)
    {
        ReadOnlySpan<uint> bits = MemoryMarshal.Cast<float, uint>(values);
        Span<ushort> halves = MemoryMarshal.Cast<byte, ushort>(bytes)[..bits.Length];
        for (int i = 0; i < bits.Length; i++)
            halves[i] = (ushort)(bits[i] >> 16);
    }

    /// <inheritdoc />
    public override void Unpack(ReadOnlySpan<byte> bytes, Span<float> values)
    {
        Span<uint> bits = MemoryMarshal.Cast<float, uint>(values);
        ReadOnlySpan<ushort> halves = MemoryMarshal.Cast<byte, ushort>(bytes)[..bits.Length];
        for (int i = 0; i < bits.Length; i++)
            bits[i] = (uint)halves[i] << 16;
    }
}

/// <summary>IEEE 754 binary16, to nearest, ties to even.</summary>
internal sealed record Float16Format : WireFormat
{
    /// <inheritdoc />
    public override string Name => "Float16";

    /// <summary>Half a last place above the largest, 65504.</summary>
    public override float RoundsToInfinityFrom => 65520;

    /// <inheritdoc />
    public override long BytesFor(long elements) => elements * sizeof(ushort);

    /// <inheritdoc />
    public override void Round(Span<float> values)
    {
        Span<Half> halves = stackalloc Half[256];
        while (!values.IsEmpty)
        {
            Span<float> block = values[..Math.Min(values.Length, halves.Length)];
            TensorPrimitives.ConvertToHalf(block, halves);
            TensorPrimitives.ConvertToSingle(halves[..block.Length], block);
            values = values[block.Length..];
        }
    }

    /// <inheritdoc />
    public override void Pack(ReadOnlySpan<float> values, Span<byte> bytes) =>
        TensorPrimitives.ConvertToHalf(values, MemoryMarshal.Cast<byte, Half>(bytes));

    /// <inheritdoc />
    public override void Unpack(ReadOnlySpan<byte> bytes, Span<float> values) =>
        TensorPrimitives.ConvertToSingle(MemoryMarshal.Cast<byte, Half>(bytes)[..values.Length], values);
}
