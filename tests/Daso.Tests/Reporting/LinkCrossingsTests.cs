using Daso.Reporting;

namespace Daso.Tests.Reporting;

/// <summary>Where a strategy is as fast as the baseline, over the rate of the link.</summary>
public sealed class LinkCrossingsTests
{
    [Fact]
    public void A_crossing_lies_on_the_line_over_the_logarithm_of_the_rate() => Assert.Equal(
        "is faster than the baseline below 400 Mbit/s, measured from 100 Mbit/s to 1.6 Gbit/s (0.50…1.25 of its training time)",
        LinkCrossings.Sentence([(1e8, 0.5), (2e8, 0.75), (8e8, 1.25), (1.6e9, 1.25)]));

    [Fact]
    public void Without_a_crossing_there_is_one_side()
    {
        Assert.StartsWith("is faster than the baseline at every rate from 100 Mbit/s", LinkCrossings.Sentence([(1e8, 0.5), (1e9, 0.9)]), StringComparison.Ordinal);
        Assert.StartsWith("is not faster than the baseline at any rate", LinkCrossings.Sentence([(1e8, 1), (1e9, 1.2)]), StringComparison.Ordinal);
        Assert.StartsWith(
            "changes sides with the baseline at ", LinkCrossings.Sentence([(1e8, 0.9), (1e9, 1.1), (1e10, 0.9)]), StringComparison.Ordinal);
    }
}
