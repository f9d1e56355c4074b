namespace Daso.Analysis;

/// <summary>Statistics of samples; NaN for samples that are too small.</summary>
internal static class Statistics
{
    /// <summary>The arithmetic mean.</summary>
    public static double Mean(ReadOnlySpan<double> values)
    {
        double sum = 0;
        foreach (double value in values)
            sum += value;
        return sum / values.Length;
    }

    /// <summary>The sample's standard deviation, with n − 1; needs two values.</summary>
    public static double StandardDeviation(ReadOnlySpan<double> values)
    {
        if (values.Length < 2)
            return double.NaN;
        double mean = Mean(values);
        double squares = 0;
        foreach (double value in values)
            squares += (value - mean) * (value - mean);
        return Math.Sqrt(squares / (values.Length - 1));
    }

    /// <summary>The middle value; between the two middle ones for an even count.</summary>
    public static double Median(ReadOnlySpan<double> values) => Quantile(values, 0.5);

    /// <summary>
    /// A quantile by linear interpolation of order statistics: type 7 of Hyndman and Fan (1996), the default of R and NumPy.
    /// </summary>
    /// <param name="values">In any order.</param>
    /// <param name="fraction">0 … 1.</param>
    public static double Quantile(ReadOnlySpan<double> values, double fraction)
    {
        double[] sorted = values.ToArray();
        Array.Sort(sorted);
        return QuantileOfSorted(sorted, fraction);
    }

    /// <summary>The same of values that are sorted already.</summary>
    internal static double QuantileOfSorted(ReadOnlySpan<double> sorted, double fraction)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(fraction);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(fraction, 1);
        if (sorted.IsEmpty)
            return double.NaN;
        double position = fraction * (sorted.Length - 1);
        int below = (int)position;
        double above = sorted[Math.Min(below + 1, sorted.Length - 1)];
        return sorted[below] + ((position - below) * (above - sorted[below]));
    }

    /// <summary>The median of the distances to the median; not scaled to a normal distribution's deviation.</summary>
    public static double MedianAbsoluteDeviation(ReadOnlySpan<double> values)
    {
        double median = Median(values);
        double[] distances = new double[values.Length];
        for (int i = 0; i < distances.Length; i++)
            distances[i] = Math.Abs(values[i] - median);
        return Median(distances);
    }
}
