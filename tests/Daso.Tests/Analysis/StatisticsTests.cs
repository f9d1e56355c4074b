using CsCheck;
using Daso.Analysis;

namespace Daso.Tests.Analysis;

public class StatisticsTests
{
    [Theory]
    [InlineData(new[] { 3.0 }, 3.0)]
    [InlineData(new[] { 4.0, 1.0, 3.0 }, 3.0)]
    [InlineData(new[] { 4.0, 1.0, 3.0, 10.0 }, 3.5)]
    public void The_median_is_in_the_middle(double[] values, double expected) => Assert.Equal(expected, Statistics.Median(values));

    /// <summary>R: <c>quantile(c(15, 20, 35, 40, 50), c(0.05, 0.3, 0.4, 0.95))</c>.</summary>
    [Theory]
    [InlineData(0.05, 16)]
    [InlineData(0.3, 23)]
    [InlineData(0.4, 29)]
    [InlineData(0.95, 48)]
    public void Quantiles_are_those_of_R(double fraction, double expected) =>
        Assert.Equal(expected, Statistics.Quantile([40, 15, 50, 20, 35], fraction), 12);

    [Fact]
    public void Spread_and_deviation_are_as_computed_by_hand()
    {
        Assert.Equal(1, Statistics.MedianAbsoluteDeviation([1, 1, 2, 2, 4, 6, 9]));
        Assert.Equal(5, Statistics.Mean([2, 4, 4, 4, 5, 5, 7, 9]));
        Assert.Equal(Math.Sqrt(32.0 / 7), Statistics.StandardDeviation([2, 4, 4, 4, 5, 5, 7, 9]), 12);
    }

    [Fact]
    public void Too_few_values_give_NaN()
    {
        Assert.Equal(double.NaN, Statistics.Mean([]));
        Assert.Equal(double.NaN, Statistics.Median([]));
        Assert.Equal(double.NaN, Statistics.MedianAbsoluteDeviation([]));
        Assert.Equal(double.NaN, Statistics.StandardDeviation([1]));
    }

    [Fact]
    public void A_quantile_has_its_share_of_the_values_on_either_side() =>
        Gen.Select(Gen.Double[-1e6, 1e6].Array[1, 40], Gen.Double[0, 1]).Sample((values, fraction) =>
        {
            double quantile = Statistics.Quantile(values, fraction);
            double slack = 1e-9 * (1 + Math.Abs(quantile));
            int below = values.Count(value => value < quantile - slack);
            int above = values.Count(value => value > quantile + slack);
            return below <= (fraction * (values.Length - 1)) + 1 && above <= ((1 - fraction) * (values.Length - 1)) + 1;
        });

    [Fact]
    public void Shifting_and_scaling_move_the_spread_as_they_should() =>
        Gen.Select(Gen.Double[-100, 100].Array[2, 20], Gen.Double[0.5, 4], Gen.Double[-10, 10]).Sample((values, scale, shift) =>
        {
            double[] moved = [.. values.Select(value => (value * scale) + shift)];
            return Near(Statistics.Median(moved), (Statistics.Median(values) * scale) + shift)
                && Near(Statistics.MedianAbsoluteDeviation(moved), Statistics.MedianAbsoluteDeviation(values) * scale)
                && Near(Statistics.StandardDeviation(moved), Statistics.StandardDeviation(values) * scale);
        });

    /// <summary>Values of any table.</summary>
    [Fact]
    public void Figures_of_the_normal_distribution()
    {
        Assert.Equal(12.7062, NormalTheory.StudentT(0.975, 1), 4);
        Assert.Equal(4.6041, NormalTheory.StudentT(0.995, 4), 4);
        Assert.Equal(2.4469 / 1.959964, NormalTheory.Widening(5.9999999), 4);
        Assert.Equal(1.4826, NormalTheory.DeviationOfMad, 4);
    }

    private static bool Near(double one, double other) => Math.Abs(one - other) <= 1e-9 * (1 + Math.Abs(other));
}
