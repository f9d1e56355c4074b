using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace Daso.Communication;

/// <summary>Sizes and roundings of the wire formats.</summary>
public static class WireFormats
{
    /// <summary>Bytes that one element takes on the wire.</summary>
    public static int BytesPerElement(this WireFormat wire) => wire == WireFormat.Float32 ? 4 : 2;

    /// <summary>The smallest positive number that rounds to infinity; infinity itself in float32.</summary>
    internal static float RoundsToInfinityFrom(this WireFormat wire) => wire switch
    {
        WireFormat.BFloat16 => BitConverter.UInt32BitsToSingle(0x7f7f_8000), // half a last place above the largest, 0x7f7f
        WireFormat.Float16 => 65520,
        _ => float.PositiveInfinity,
    };

    /// <summary>Rounds every value to the nearest that the format holds, ties to even (IEEE 754 §4.3.1); NaN stays NaN.</summary>
    public static void Round(this WireFormat wire, Span<float> values)
    {
        switch (wire)
        {
            case WireFormat.BFloat16:
                RoundToBFloat16(values);
                break;
            case WireFormat.Float16:
                RoundToFloat16(values);
                break;
            case WireFormat.Float32:
            default:
                break;
        }
    }

    /// <summary>Writes values that are rounded already in the format's bytes; bits are kept, those of a NaN but in float16.</summary>
    internal static void Pack(this WireFormat wire, ReadOnlySpan<float> values, Span<byte> bytes)
    {
        switch (wire)
        {
            case WireFormat.BFloat16:
                ReadOnlySpan<uint> bits = MemoryMarshal.Cast<float, uint>(values);
                Span<ushort> halves = MemoryMarshal.Cast<byte, ushort>(bytes);
                for (int i = 0; i < bits.Length; i++)
                    halves[i] = (ushort)(bits[i] >> 16);
                break;
            case WireFormat.Float16:
                TensorPrimitives.ConvertToHalf(values, MemoryMarshal.Cast<byte, Half>(bytes));
                break;
            case WireFormat.Float32:
            default:
                MemoryMarshal.AsBytes(values).CopyTo(bytes);
                break;
        }
    }

    /// <summary>Reads what <see cref="Pack"/> wrote.</summary>
    internal static void Unpack(this WireFormat wire, ReadOnlySpan<byte> bytes, Span<float> values)
    {
        switch (wire)
        {
            case WireFormat.BFloat16:
                ReadOnlySpan<ushort> halves = MemoryMarshal.Cast<byte, ushort>(bytes);
                Span<uint> bits = MemoryMarshal.Cast<float, uint>(values);
                for (int i = 0; i < bits.Length; i++)
                    bits[i] = (uint)halves[i] << 16;
                break;
            case WireFormat.Float16:
                TensorPrimitives.ConvertToSingle(MemoryMarshal.Cast<byte, Half>(bytes), values);
                break;
            case WireFormat.Float32:
            default:
                bytes.CopyTo(MemoryMarshal.AsBytes(values));
                break;
        }
    }

    private static void RoundToBFloat16(Span<float> values)
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

    private static void RoundToFloat16(Span<float> values)
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
}
