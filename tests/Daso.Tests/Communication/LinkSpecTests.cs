using Daso.Communication;

namespace Daso.Tests.Communication;

public class LinkSpecTests
{
    [Theory]
    [InlineData("1gbit,50us", 1e9, 50_000)]
    [InlineData("200mbit", 200e6, 0)]
    [InlineData("2.5GBIT, 1ms", 2.5e9, 1_000_000)]
    [InlineData("64kbit,10ns", 64e3, 10)]
    [InlineData("500 Mbit/s, 50 µs", 500e6, 50_000)] // as the table prints it
    [InlineData("1.5 Gbit/s, 0.431 \u03bcs", 1.5e9, 431)]
    [InlineData("200mbit/s, 0us", 200e6, 0)] // as --dry-run prints it
    public void Reads_rate_and_latency(string text, double bitsPerSecond, long latencyNs) =>
        Assert.Equal(new LinkSpec(bitsPerSecond, latencyNs), LinkSpec.Parse(text));

    [Theory]
    [InlineData("")]
    [InlineData("fast")]
    [InlineData("1gbit,")]
    [InlineData("1gbit,50")]
    [InlineData("0gbit")]
    [InlineData("-1gbit")]
    [InlineData("1gbit,-5us")]
    [InlineData("nangbit")]
    [InlineData("1gbit,50us,3")]
    [InlineData("1gbit/s/s")]
    [InlineData("1gbit,50us/s")]
    public void Refuses_anything_else_and_says_what_is_expected(string text)
    {
        UserErrorException mistake = Assert.Throws<UserErrorException>(() => LinkSpec.Parse(text));
        Assert.Contains("--link", mistake.Message);
        Assert.Contains("1gbit,50us", mistake.Message);
    }

    [Theory]
    [InlineData("1gbit,50us", "1gbit/s, 50us")]
    [InlineData("0.2gbit", "200mbit/s, 0us")]
    [InlineData("1500kbit,1500us", "1.5mbit/s, 1.5ms")]
    public void Shows_readable_units(string text, string shown) => Assert.Equal(shown, LinkSpec.Parse(text).ToString());

    [Fact]
    public void A_megabyte_takes_eight_milliseconds_at_one_gigabit() => Assert.Equal(8_000_000, LinkSpec.Parse("1gbit").TransferNs(1_000_000));
}
