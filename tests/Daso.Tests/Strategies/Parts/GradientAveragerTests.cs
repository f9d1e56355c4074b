using Daso.Models;
using Daso.Strategies;

namespace Daso.Tests.Strategies;

public class GradientAveragerTests
{
    private static readonly ParameterRange[] s_parameters =
    [
        new("a", 0, 0, 10, [10]), new("b", 0, 10, 30, [30]), new("c", 1, 40, 5, [5]), new("d", 2, 45, 100, [100]), new("e", 2, 145, 5, [5]),
    ];

    [Fact]
    public void Buckets_go_from_the_end_to_the_beginning_and_close_at_their_cap()
    {
        // Caps of 4 elements for the first bucket and 40 for the others; a parameter is never split.
        List<GradientAverager.Bucket> buckets = GradientAverager.Plan(s_parameters, bucketBytes: 160, firstBucketBytes: 16);
        Assert.Equal(
            [
                new(new FlatRange(145, 5), 2), new(new FlatRange(45, 100), 2), new(new FlatRange(0, 45), 0),
            ],
            buckets);
    }

    [Fact]
    public void One_bucket_holds_everything_when_the_cap_is_large() =>
        Assert.Equal([new(new FlatRange(0, 150), 0)], GradientAverager.Plan(s_parameters, 1 << 20, 1 << 20));

    [Fact]
    public void A_model_without_trainable_parameters_has_no_buckets() => Assert.Empty(GradientAverager.Plan([], 100, 100));
}
