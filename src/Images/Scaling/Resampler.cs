using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Daso.Images;

/// <summary>
/// Scales a part of an image to a square with antialiasing, first along the rows, then along the columns, each rounded to bytes, as
/// Pillow and torchvision do, and normalises it into three planes. Whole numbers all the way: the same bits with and without vector
/// instructions. Used by one thread.
/// </summary>
internal sealed unsafe class Resampler : IDisposable
{
    private const int Half = 1 << (FilterTaps.WeightBits - 1);

    // Two pixels of four bytes to 16-bit numbers, the same colour of both side by side.
    private static readonly Vector128<byte> s_pairs =
        Vector128.Create((byte)0, 0xFF, 4, 0xFF, 1, 0xFF, 5, 0xFF, 2, 0xFF, 6, 0xFF, 3, 0xFF, 7, 0xFF);

    private readonly int _side;
    private readonly bool _vectors;
    private readonly FilterTaps _horizontal;
    private readonly FilterTaps _vertical;
    private readonly NativeBuffer _rows = new();

    /// <summary>Makes squares.</summary>
    /// <param name="side">Pixels.</param>
    /// <param name="vectors">Whether vector instructions may be used.</param>
    public Resampler(int side, bool vectors = true)
    {
        _side = side;
        _vectors = vectors && Ssse3.IsSupported && side >= 4;
        _horizontal = new FilterTaps(side);
        _vertical = new FilterTaps(side);
    }

    /// <summary>Makes an input of a region.</summary>
    /// <param name="source">Rows of RGBX pixels.</param>
    /// <param name="pixels">Their layout.</param>
    /// <param name="region">In the image's pixels, inside of what was decoded.</param>
    /// <param name="planes">Takes float32 [3, side, side].</param>
    public void Resample(byte* source, DecodedPixels pixels, CropRegion region, Span<float> planes)
    {
        Compute(_horizontal, region.X, region.Width, pixels.Width, pixels.Reduction, region.IsCutOut);
        Compute(_vertical, region.Y, region.Height, pixels.Height, pixels.Reduction, region.IsCutOut);
        int first = _vertical.Starts[0], rowBytes = 4 * _side;
        _rows.Reserve((nuint)(_vertical.End - first) * (nuint)rowBytes);
        for (int row = first; row < _vertical.End; row++)
        {
            byte* from = source + (long)row * pixels.RowBytes;
            byte* to = _rows.Pointer + (long)(row - first) * rowBytes;
            if (_vectors)
                ScaleRow(from, to, region.Mirrored);
            else
                ScaleRowPlainly(from, to, region.Mirrored);
        }

        fixed (float* output = planes)
        {
            for (int row = 0; row < _side; row++)
            {
                byte* from = _rows.Pointer + (long)(_vertical.Starts[row] - first) * rowBytes;
                if (_vectors)
                    ScaleColumns(from, row, output + row * _side);
                else
                    ScaleColumnsPlainly(from, row, output + row * _side);
            }
        }

        _rows.Shrink();
    }

    /// <inheritdoc />
    public void Dispose() => _rows.Dispose();

    /// <summary>Taps in decoded pixels. A part that is cut out before it is scaled does not see its surroundings.</summary>
    private static void Compute(FilterTaps taps, double start, double length, int decoded, int reduction, bool isCutOut)
    {
        start /= reduction;
        length /= reduction;
        int low = isCutOut ? (int)start : 0;
        int high = isCutOut ? Math.Min(decoded, (int)Math.Ceiling(start + length)) : decoded;
        taps.Compute(start, length, low, high);
    }

    /// <summary>One row: sums of two source pixels at a time.</summary>
    private void ScaleRow(byte* from, byte* to, bool mirrored)
    {
        int stride = _horizontal.Stride, step = mirrored ? -4 : 4;
        if (mirrored)
            to += 4 * (_side - 1);
        fixed (int* starts = _horizontal.Starts)
        fixed (int* counts = _horizontal.Counts)
        fixed (short* weights = _horizontal.Weights)
        {
            for (int x = 0; x < _side; x++, to += step)
            {
                byte* pixels = from + 4 * starts[x];
                short* weight = weights + x * stride;
                Vector128<int> sum = Vector128.Create(Half);
                for (int tap = 0; tap < counts[x]; tap += 2)
                {
                    Vector128<byte> two = Vector128.CreateScalarUnsafe(*(ulong*)(pixels + 4 * tap)).AsByte();
                    sum += Sse2.MultiplyAddAdjacent(Ssse3.Shuffle(two, s_pairs).AsInt16(), Vector128.Create(*(int*)(weight + tap)).AsInt16());
                }

                Vector128<short> bytes = Sse2.PackSignedSaturate(sum >> FilterTaps.WeightBits, Vector128<int>.Zero);
                *(uint*)to = Sse2.PackUnsignedSaturate(bytes, bytes).AsUInt32().ToScalar();
            }
        }
    }

    private void ScaleRowPlainly(byte* from, byte* to, bool mirrored)
    {
        for (int x = 0; x < _side; x++)
        {
            byte* pixels = from + 4 * _horizontal.Starts[x];
            ReadOnlySpan<short> weights = _horizontal.Weights.Slice(x * _horizontal.Stride, _horizontal.Counts[x]);
            for (int channel = 0; channel < 4; channel++)
            {
                int sum = Half;
                for (int tap = 0; tap < weights.Length; tap++)
                    sum += pixels[4 * tap + channel] * weights[tap];
                to[4 * (mirrored ? _side - 1 - x : x) + channel] = (byte)(sum >> FilterTaps.WeightBits);
            }
        }
    }

    /// <summary>One row of the output, four pixels at a time; the last four may overlap those before.</summary>
    private void ScaleColumns(byte* from, int row, float* to)
    {
        for (int x = 0; x < _side; x += 4)
            ScaleFour(from, row, Math.Min(x, _side - 4), to);
    }

    private void ScaleFour(byte* from, int row, int x, float* to)
    {
        int stride = _vertical.Stride, count = _vertical.Counts[row], rowBytes = 4 * _side;
        Vector128<int> sum0 = Vector128.Create(Half), sum1 = sum0, sum2 = sum0, sum3 = sum0;
        fixed (short* weights = &_vertical.Weights[row * stride])
        {
            byte* pixels = from + 4 * x;
            for (int tap = 0; tap < count; tap += 2, pixels += 2 * rowBytes)
            {
                // Behind an odd number of rows there may be no other; its weight is 0.
                Vector128<byte> upper = Vector128.Load(pixels), lower = tap + 1 < count ? Vector128.Load(pixels + rowBytes) : upper;
                Vector128<short> weight = Vector128.Create(*(int*)(weights + tap)).AsInt16();
                Vector128<byte> low = Sse2.UnpackLow(upper, lower), high = Sse2.UnpackHigh(upper, lower), zero = Vector128<byte>.Zero;
                sum0 += Sse2.MultiplyAddAdjacent(Sse2.UnpackLow(low, zero).AsInt16(), weight);
                sum1 += Sse2.MultiplyAddAdjacent(Sse2.UnpackHigh(low, zero).AsInt16(), weight);
                sum2 += Sse2.MultiplyAddAdjacent(Sse2.UnpackLow(high, zero).AsInt16(), weight);
                sum3 += Sse2.MultiplyAddAdjacent(Sse2.UnpackHigh(high, zero).AsInt16(), weight);
            }
        }

        // Four pixels of four colours each become four colours of four pixels each.
        Vector128<long> redGreen0 = Sse2.UnpackLow(sum0, sum1).AsInt64(), redGreen1 = Sse2.UnpackLow(sum2, sum3).AsInt64();
        Vector128<long> blue0 = Sse2.UnpackHigh(sum0, sum1).AsInt64(), blue1 = Sse2.UnpackHigh(sum2, sum3).AsInt64();
        int plane = _side * _side;
        Store(Sse2.UnpackLow(redGreen0, redGreen1), 0, to + x);
        Store(Sse2.UnpackHigh(redGreen0, redGreen1), 1, to + plane + x);
        Store(Sse2.UnpackLow(blue0, blue1), 2, to + 2 * plane + x);
    }

    private void Store(Vector128<long> sums, int channel, float* to)
    {
        Vector128<float> values = Vector128.ConvertToSingle(sums.AsInt32() >> FilterTaps.WeightBits);
        (values * Normalisation.Factor[channel] + Vector128.Create(Normalisation.Offset[channel])).Store(to);
    }

    private void ScaleColumnsPlainly(byte* from, int row, float* to)
    {
        ReadOnlySpan<short> weights = _vertical.Weights.Slice(row * _vertical.Stride, _vertical.Counts[row]);
        for (int x = 0; x < _side; x++)
        {
            for (int channel = 0; channel < 3; channel++)
            {
                int sum = Half;
                for (int tap = 0; tap < weights.Length; tap++)
                    sum += from[tap * 4 * _side + 4 * x + channel] * weights[tap];
                to[channel * _side * _side + x] = (sum >> FilterTaps.WeightBits) * Normalisation.Factor[channel] + Normalisation.Offset[channel];
            }
        }
    }
}
