using Daso.Analysis;

namespace Daso.Tests.Analysis;

public class ScalingLawTests
{
    [Fact]
    public void It_finds_the_terms_of_exact_points()
    {
        ScalingLaw law = ScalingLaw.Fit([.. new[] { 8.0, 16, 64, 256, 1024 }.Select(batch => (batch, (6400 / batch) + 25))])!;
        Assert.Equal(6400, law.Samples, 1e-6);
        Assert.Equal(25, law.Steps, 1e-6);
        Assert.Equal(256, law.CriticalBatch, 1e-6);
        Assert.Equal(0, law.MedianError, 1e-9);
    }

    [Fact]
    public void No_term_is_negative()
    {
        ScalingLaw steep = ScalingLaw.Fit([(1, 1000), (10, 50)])!;
        Assert.Equal(0, steep.Steps);
        Assert.Equal(double.PositiveInfinity, steep.CriticalBatch);
        Assert.InRange(steep.Samples, 500, 1000);
        ScalingLaw rising = ScalingLaw.Fit([(1, 50), (10, 60)])!;
        Assert.Equal(0, rising.Samples);
        Assert.InRange(rising.Steps, 50, 60);
    }

    [Fact]
    public void One_batch_size_has_no_law() => Assert.Null(ScalingLaw.Fit([(8, 100), (8, 110)]));
}
