using Daso.Baselines;
using Daso.Tests.Cluster;

namespace Daso.Tests.Baselines;

public sealed class FdaTests
{
    [Theory]
    [InlineData(3.99f, true)]
    [InlineData(4.01f, false)]
    public void Workers_that_drift_apart_are_averaged_above_the_threshold(float threshold, bool averages)
    {
        // Drifts of +2 and −2: their mean is 0, so that the estimate is ‖d‖² = 4 whatever the direction is.
        float[] seen = TestCluster.Collect(2, 1, ranks =>
        {
            using var run = new RivalRun(new FdaSpec { Threshold = threshold }, ranks, (1, 1), (1, 1));
            run.Step(optimizer: run => run.Parameters[0] += ranks.Rank == 0 ? 2 : -2);
            return run.Parameters[0];
        });
        Assert.Equal(averages ? [1f, 1f] : [3f, -1f], seen);
    }

    [Fact]
    public void The_estimate_is_never_below_the_variance()
    {
        const int Workers = 4, Elements = 8, Steps = 10;
        static float Update(int step, int rank, int i) => MathF.Sin((7 * step) + (3 * rank) + i);
        double Variance(int step)
        {
            double variance = 0;
            for (int i = 0; i < Elements; i++)
            {
                double[] drifts = [.. Enumerable.Range(0, Workers).Select(rank => (double)Update(step, rank, i))];
                variance += drifts.Average(one => one * one) - Math.Pow(drifts.Average(), 2);
            }

            return variance;
        }

        // All hold the same after an average, so that each step's drift is its update: whatever the direction, every step must be noticed.
        double threshold = 0.999 * Enumerable.Range(0, Steps).Min(Variance);
        float[][] seen = TestCluster.Collect(Workers, 1, ranks =>
        {
            using var run = new RivalRun(new FdaSpec { Threshold = threshold }, ranks, (3, 2), (2, 1));
            var values = new List<float>();
            for (int step = 0; step < Steps; step++)
            {
                run.Step(optimizer: run =>
                {
                    for (int i = 0; i < Elements; i++)
                        run.Parameters[i] += Update(run.Steps, ranks.Rank, i);
                });
                values.AddRange(run.Parameters);
            }

            return values.ToArray();
        });
        Assert.All(seen, rank => Assert.Equal(seen[0], rank));
    }

    [Fact]
    public void A_drift_that_all_share_is_no_variance_once_the_direction_is_known()
    {
        float[] seen = TestCluster.Collect(2, 1, ranks =>
        {
            using var run = new RivalRun(new FdaSpec { Threshold = 0.5 }, ranks, (1, 1));
            // One dimension: ξ = ±1 from the start, and the estimate is the variance itself.
            for (int step = 0; step < 5; step++)
                run.Step(optimizer: run => run.Parameters[0] += 10 + (0.2f * ranks.Rank));
            return run.Parameters[0];
        });
        Assert.Equal([51f, 52f], seen.Select(value => MathF.Round(value)));
    }

    /// <summary>With at most 250 elements each has a bucket of its own, and the sketch's norm is exact: H = mean ‖d‖² − ‖mean d‖²/(1 + ε).</summary>
    [Theory]
    [InlineData(0.999, true)]
    [InlineData(1.001, false)]
    public void A_sketch_tells_what_the_workers_drifts_have_in_common(double ofEstimate, bool averages)
    {
        double estimate = (8 * ((1 * 1) + (3 * 3)) / 2.0) - (8 * 2 * 2 / (1 + (1 / Math.Sqrt(250))));
        float[] seen = TestCluster.Collect(2, 1, ranks =>
        {
            using var run = new RivalRun(
                new FdaSpec { Threshold = ofEstimate * estimate, Estimate = FdaEstimate.Sketch }, ranks, (3, 2), (2, 1));
            run.Step(optimizer: run => run.Parameters.Fill(1 + 1 + (2 * ranks.Rank)));
            return run.Parameters[7];
        });
        Assert.Equal(averages ? [3f, 3f] : [2f, 4f], seen);
    }

    /// <summary>Many elements share a bucket: the mean of rows is right within the spread of 5 medians of 250 (6 deviations of 1/√250 · √2).</summary>
    [Fact]
    public void A_sketch_of_many_numbers_is_about_right()
    {
        const double Share = 0.5;
        bool[] averages = TestCluster.Collect(2, 1, ranks =>
        {
            using var run = new RivalRun(
                new FdaSpec { Threshold = 3000 * (1 - Share), Estimate = FdaEstimate.Sketch }, ranks, (50, 60));
            // A drift of 1 that both share has no variance: without the sketch the estimate would be 3000.
            run.Step(optimizer: run => run.Parameters.Fill(2));
            float apart = ranks.Rank;
            run.Step(optimizer: run => run.Parameters[0] += apart);
            return run.Parameters[0] == 2.5f;
        });
        Assert.Equal([false, false], averages);
    }
}
