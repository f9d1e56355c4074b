namespace Daso.Images;

/// <summary>
/// Which source pixels make each output pixel along one axis, and with what weights: a triangle that reaches one output pixel, or one
/// source pixel if that is wider, to each side (Pillow's BILINEAR with its bounds). Weights are whole numbers that add up to 2¹⁴.
/// </summary>
internal sealed class FilterTaps(int outputs)
{
    /// <summary>Bits of a weight: the most with which 1 is a signed 16-bit number.</summary>
    public const int WeightBits = 14;

    private readonly int[] _starts = new int[outputs];
    private readonly int[] _counts = new int[outputs];
    private short[] _weights = [];
    private double[] _exact = [];

    /// <summary>Weights kept for each output: an even number, those behind the triangle are 0.</summary>
    public int Stride { get; private set; }

    /// <summary>The end of the source pixels that are used.</summary>
    public int End { get; private set; }

    /// <summary>For each output the first source pixel; ascending.</summary>
    public ReadOnlySpan<int> Starts => _starts;

    /// <summary>For each output how many source pixels make it.</summary>
    public ReadOnlySpan<int> Counts => _counts;

    /// <summary>For each output <see cref="Stride"/> weights.</summary>
    public ReadOnlySpan<short> Weights => _weights;

    /// <summary>Computes all weights.</summary>
    /// <param name="start">Where the outputs begin, in source pixels.</param>
    /// <param name="length">Source pixels that the outputs cover.</param>
    /// <param name="low">The first source pixel that may be used.</param>
    /// <param name="high">The end of those that may be used.</param>
    public void Compute(double start, double length, int low, int high)
    {
        double pixel = length / outputs;
        double reach = Math.Max(1, pixel);
        Reserve(2 * (int)Math.Ceiling(reach) + 1);
        End = 0;
        for (int i = 0; i < outputs; i++)
        {
            double centre = start + (i + 0.5) * pixel;
            int from = Math.Max(low, (int)(centre - reach + 0.5));
            int to = Math.Min(high, (int)(centre + reach + 0.5));
            double sum = 0;
            for (int tap = from; tap < to; tap++)
                sum += _exact[tap - from] = Math.Max(0, 1 - Math.Abs(tap - centre + 0.5) / reach);
            Round(_weights.AsSpan(i * Stride, Stride), _exact.AsSpan(0, to - from), sum);
            (_starts[i], _counts[i]) = (from, to - from);
            End = Math.Max(End, to);
        }
    }

    private void Reserve(int taps)
    {
        Stride = taps + (taps & 1);
        if (_exact.Length < taps)
            _exact = new double[taps];
        if (_weights.Length < Stride * outputs)
            _weights = new short[Stride * outputs];
    }

    /// <summary>Rounds weights; what their sum lacks goes to the largest, so that a flat colour stays what it is.</summary>
    private static void Round(Span<short> weights, ReadOnlySpan<double> exact, double sum)
    {
        weights.Clear();
        int rest = 1 << WeightBits, largest = 0;
        for (int tap = 0; tap < exact.Length; tap++)
        {
            weights[tap] = (short)Math.Round(exact[tap] / sum * (1 << WeightBits));
            rest -= weights[tap];
            if (weights[tap] > weights[largest])
                largest = tap;
        }

        weights[largest] += (short)rest;
    }
}
