namespace Daso.Analysis;

/// <summary>A sample in a few numbers; all NaN where it is empty.</summary>
/// <param name="Count">Values.</param>
/// <param name="Median">The median.</param>
/// <param name="MedianAbsoluteDeviation">The median of the distances to the median.</param>
/// <param name="P10">A tenth of the values lie below.</param>
/// <param name="P90">A tenth lie above.</param>
/// <param name="P95">One in 20 lies above.</param>
/// <param name="P99">One in 100 lies above.</param>
/// <param name="Minimum">The smallest.</param>
/// <param name="Maximum">The largest.</param>
/// <param name="Mean">The arithmetic mean.</param>
/// <param name="StandardDeviation">With n − 1; NaN for one value.</param>
internal sealed record Spread(
    int Count,
    double Median,
    double MedianAbsoluteDeviation,
    double P10,
    double P90,
    double P95,
    double P99,
    double Minimum,
    double Maximum,
    double Mean,
    double StandardDeviation)
{
    /// <summary>Of the values that are there.</summary>
    public static Spread Of(IEnumerable<double?> values) => Of(values.OfType<double>());

    /// <summary>Of a sample.</summary>
    public static Spread Of(IEnumerable<double> values)
    {
        double[] sample = [.. values];
        Array.Sort(sample);
        return new Spread(
            sample.Length,
            Statistics.QuantileOfSorted(sample, 0.5),
            Statistics.MedianAbsoluteDeviation(sample),
            Statistics.QuantileOfSorted(sample, 0.1),
            Statistics.QuantileOfSorted(sample, 0.9),
            Statistics.QuantileOfSorted(sample, 0.95),
            Statistics.QuantileOfSorted(sample, 0.99),
            Statistics.QuantileOfSorted(sample, 0),
            Statistics.QuantileOfSorted(sample, 1),
            Statistics.Mean(sample),
            Statistics.StandardDeviation(sample));
    }
}
