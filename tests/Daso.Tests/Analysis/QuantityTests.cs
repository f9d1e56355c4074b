using Daso.Analysis;

namespace Daso.Tests.Analysis;

public class QuantityTests
{
    [Theory]
    [InlineData(0, "0.00 ns")]
    [InlineData(850, "850 ns")]
    [InlineData(9_996, "10.0 µs")]
    [InlineData(12_340, "12.3 µs")]
    [InlineData(99_960, "100 µs")]
    [InlineData(41_234_567, "41.2 ms")]
    [InlineData(2_306_000_000, "2.31 s")]
    [InlineData(599e9, "599 s")]
    [InlineData(1200e9, "20.0 min")]
    [InlineData(9000e9, "2.50 h")]
    [InlineData(double.NaN, "–")]
    public void Durations(double ns, string expected) => Assert.Equal(expected, Quantity.Duration(ns));

    [Fact]
    public void A_deviation_has_the_unit_of_its_duration() =>
        Assert.Equal("41.2 ± 0.1 ms", Quantity.Durations(41_234_567, " ± ", 98_000));

    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(999, "999 B")]
    [InlineData(15_200, "15.2 kB")]
    [InlineData(1_310_720, "1.31 MB")]
    [InlineData(double.NaN, "–")]
    public void Bytes(double bytes, string expected) => Assert.Equal(expected, Quantity.Bytes(bytes));

    [Theory]
    [InlineData(1e9, "1 Gbit/s")]
    [InlineData(2.5e9, "2.5 Gbit/s")]
    [InlineData(200e6, "200 Mbit/s")]
    [InlineData(64e3, "64 kbit/s")]
    public void BitRates(double bitsPerSecond, string expected) => Assert.Equal(expected, Quantity.BitRate(bitsPerSecond));

    [Theory]
    [InlineData(1553.4, "1,553")]
    [InlineData(9.87, "9.87")]
    [InlineData(double.NaN, "–")]
    public void Counts(double value, string expected) => Assert.Equal(expected, Quantity.Count(value));

    [Theory]
    [InlineData(0.4981, "0.498")]
    [InlineData(-999999999.4, "-999999999.400")]
    [InlineData(1.23e28, "1.23e+28")]
    [InlineData(double.NaN, "–")]
    public void A_number_with_decimals_stays_short(double value, string text) => Assert.Equal(text, Quantity.Fixed(value, 3));
}
