using System.Runtime.InteropServices;

namespace Daso.Baselines;

/// <summary>How the selected elements of a parameter's chunks travel.</summary>
internal interface IChunkCodec
{
    /// <summary>Bytes of so many elements.</summary>
    long BytesFor(long elements);

    /// <summary>Writes elements: their places in their chunks, and their values, which become those that are read.</summary>
    void Write(ReadOnlySpan<long> places, Span<float> values, Span<byte> message);

    /// <summary>Reads what was written.</summary>
    void Read(ReadOnlySpan<byte> message, Span<long> places, Span<float> values);
}

/// <summary>A float32 and 16 bits for the place; DeMo's code sends 64 for it.</summary>
internal sealed class PlainChunkCodec : IChunkCodec
{
    public long BytesFor(long elements) => elements * (sizeof(float) + sizeof(ushort));

    public void Write(ReadOnlySpan<long> places, Span<float> values, Span<byte> message)
    {
        MemoryMarshal.AsBytes(values).CopyTo(message);
        Span<ushort> written = MemoryMarshal.Cast<byte, ushort>(message[(values.Length * sizeof(float))..]);
        for (int i = 0; i < places.Length; i++)
            written[i] = (ushort)places[i];
    }

    public void Read(ReadOnlySpan<byte> message, Span<long> places, Span<float> values)
    {
        MemoryMarshal.Cast<byte, float>(message[..(values.Length * sizeof(float))]).CopyTo(values);
        ReadOnlySpan<ushort> written = MemoryMarshal.Cast<byte, ushort>(message[(values.Length * sizeof(float))..]);
        for (int i = 0; i < places.Length; i++)
            places[i] = written[i];
    }
}

/// <summary>
/// SparseLoCo's: 12 bits for the place, two places in three bytes, and 2 bits for the value, with the four values that they stand for. The
/// values are centred and counted into bins of 6σ/4; each stands for the mean of its bin (templar, src/tplr/compress.py).
/// </summary>
internal sealed class TwoBitChunkCodec : IChunkCodec
{
    private const int Bins = 4;
    private const float RangeInSigmas = 6;

    public long BytesFor(long elements) => (Bins * sizeof(float)) + ((elements + 1) / 2 * 3) + ((elements + 3) / 4);

    public void Write(ReadOnlySpan<long> places, Span<float> values, Span<byte> message)
    {
        Span<float> table = MemoryMarshal.Cast<byte, float>(message[..(Bins * sizeof(float))]);
        Span<byte> packedPlaces = PlacesOf(message, places.Length), bins = BinsOf(message, places.Length);
        Pack(places, packedPlaces);
        bins.Clear();
        double sum = 0, squares = 0;
        foreach (float value in values)
            sum += value;
        float shift = (float)(sum / values.Length);
        foreach (float value in values)
            squares += (double)(value - shift) * (value - shift);
        float scale = RangeInSigmas * (float)Math.Sqrt(squares / (values.Length - 1)) / Bins;
        if (!float.IsFinite(scale) || scale == 0)
            scale = 1;
        Span<float> sums = stackalloc float[Bins];
        Span<int> counts = stackalloc int[Bins];
        for (int i = 0; i < values.Length; i++)
        {
            float centred = values[i] - shift;
            int bin = (int)Math.Clamp(MathF.Round((centred / scale) + (Bins / 2)), 0, Bins - 1);
            bins[i / 4] |= (byte)(bin << (2 * (i % 4)));
            sums[bin] += centred;
            counts[bin]++;
        }

        for (int bin = 0; bin < Bins; bin++)
            table[bin] = shift + (counts[bin] == 0 ? 0 : sums[bin] / counts[bin]);
        ReadValues(bins, table, values);
    }

    public void Read(ReadOnlySpan<byte> message, Span<long> places, Span<float> values)
    {
        Unpack(PlacesOf(message, places.Length), places);
        ReadValues(BinsOf(message, places.Length), MemoryMarshal.Cast<byte, float>(message[..(Bins * sizeof(float))]), values);
    }

    /// <summary>Two numbers below 4096 in three bytes: the low 8 bits of the first, its high 4 with the low 4 of the second, the rest.</summary>
    internal static void Pack(ReadOnlySpan<long> places, Span<byte> packed)
    {
        for (int i = 0; i < places.Length; i += 2)
        {
            int first = (int)places[i], second = i + 1 < places.Length ? (int)places[i + 1] : 0;
            Span<byte> three = packed.Slice(i / 2 * 3, 3);
            (three[0], three[1], three[2]) = ((byte)first, (byte)((first >> 8) | ((second & 15) << 4)), (byte)(second >> 4));
        }
    }

    /// <summary>Reads what <see cref="Pack"/> wrote.</summary>
    internal static void Unpack(ReadOnlySpan<byte> packed, Span<long> places)
    {
        for (int i = 0; i < places.Length; i++)
        {
            ReadOnlySpan<byte> three = packed.Slice(i / 2 * 3, 3);
            places[i] = i % 2 == 0 ? three[0] | ((three[1] & 15) << 8) : (three[1] >> 4) | (three[2] << 4);
        }
    }

    private static void ReadValues(ReadOnlySpan<byte> bins, ReadOnlySpan<float> table, Span<float> values)
    {
        for (int i = 0; i < values.Length; i++)
            values[i] = table[(bins[i / 4] >> (2 * (i % 4))) & (Bins - 1)];
    }

    private static Span<byte> PlacesOf(Span<byte> message, int elements) => message.Slice(Bins * sizeof(float), (elements + 1) / 2 * 3);

    private static ReadOnlySpan<byte> PlacesOf(ReadOnlySpan<byte> message, int elements) =>
        message.Slice(Bins * sizeof(float), (elements + 1) / 2 * 3);

    private static Span<byte> BinsOf(Span<byte> message, int elements) => message[^((elements + 3) / 4)..];

    private static ReadOnlySpan<byte> BinsOf(ReadOnlySpan<byte> message, int elements) => message[^((elements + 3) / 4)..];
}
