using System.Numerics.Tensors;
using Daso.Communication;

namespace Daso.Tests.Communication;

/// <summary>A user's format: 64 elements as signed bytes with one scale, a power of two; 1.06 bytes an element.</summary>
internal sealed record ScaledBytes : WireFormat
{
    private const int BlockBytes = 64 + sizeof(float);

    public override string Name => "ScaledBytes";

    public override int BlockElements => 64;

    public override long BytesFor(long elements) => elements + ((elements + BlockElements - 1) / BlockElements * sizeof(float));

    public override void Round(Span<float> values)
    {
        for (; !values.IsEmpty; values = values[Math.Min(values.Length, BlockElements)..])
        {
            Span<float> block = values[..Math.Min(values.Length, BlockElements)];
            float scale = ScaleOf(block);
            foreach (ref float value in block)
                value = (Math.Clamp(MathF.Round(value / scale), -127, 127) + 0f) * scale; // a byte knows no −0
        }
    }

    public override void Pack(ReadOnlySpan<float> values, Span<byte> bytes)
    {
        for (; !values.IsEmpty; values = values[Math.Min(values.Length, BlockElements)..], bytes = bytes[Math.Min(bytes.Length, BlockBytes)..])
        {
            ReadOnlySpan<float> block = values[..Math.Min(values.Length, BlockElements)];
            float scale = ScaleOf(block);
            BitConverter.TryWriteBytes(bytes, scale);
            for (int i = 0; i < block.Length; i++)
                bytes[sizeof(float) + i] = (byte)(sbyte)(block[i] / scale);
        }
    }

    public override void Unpack(ReadOnlySpan<byte> bytes, Span<float> values)
    {
        for (; !values.IsEmpty; values = values[Math.Min(values.Length, BlockElements)..], bytes = bytes[Math.Min(bytes.Length, BlockBytes)..])
        {
            float scale = BitConverter.ToSingle(bytes);
            for (int i = 0; i < Math.Min(values.Length, BlockElements); i++)
                values[i] = (sbyte)bytes[sizeof(float) + i] * scale;
        }
    }

    /// <summary>The smallest power of two by which the largest value is below 127.5: rounded values have the same.</summary>
    private static float ScaleOf(ReadOnlySpan<float> block)
    {
        float largest = TensorPrimitives.MaxMagnitude(block);
        return largest == 0 ? 1 : MathF.ScaleB(1, MathF.ILogB(largest) - 6);
    }
}
