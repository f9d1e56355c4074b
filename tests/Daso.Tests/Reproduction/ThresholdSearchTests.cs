using CsCheck;
using Daso.Reproduction;

namespace Daso.Tests.Reproduction;

public class ThresholdSearchTests
{
    [Fact]
    public void It_finds_where_a_condition_begins() => Gen.Select(Gen.Double[0.01, 1], Gen.Double[2, 1000], Gen.Double[0, 1]).Sample(
        (from, ratio, place) =>
        {
            double to = from * ratio;
            double begin = from + (place * (to - from));
            double found = Assert.NotNull(ThresholdSearch.First(value => value >= begin, from, to));
            Assert.Equal(begin, found, begin * 1e-9);
        });

    [Fact]
    public void Never_is_told() => Assert.Null(ThresholdSearch.First(_ => false, 1, 1000));

    [Fact]
    public void It_finds_an_island() =>
        Assert.Equal(10, ThresholdSearch.First(value => value is >= 10 and <= 20, 1, 1000)!.Value, 1e-6);
}
