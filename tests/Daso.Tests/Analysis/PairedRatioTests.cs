using Daso.Analysis;

namespace Daso.Tests.Analysis;

/// <summary>Intervals and verdicts on simulated trainings, whose true ratio is known.</summary>
public class PairedRatioTests
{
    private const int Trials = 300;

    [Theory]
    [InlineData(1, 0, false, 0.93, 1)]
    [InlineData(1, 0, true, 0.93, 1)]
    [InlineData(2, 0, false, 0.93, 1)]
    [InlineData(2, 0, true, 0.93, 1)]
    [InlineData(8, 0, false, 0.93, 0.98)]
    [InlineData(8, 0, true, 0.93, 0.98)]
    [InlineData(2, 0.06, false, 0.92, 0.98)]
    [InlineData(2, 0.06, true, 0.92, 0.98)]
    [InlineData(3, 0.06, false, 0.92, 0.98)]
    [InlineData(3, 0.06, true, 0.92, 0.98)]
    [InlineData(8, 0.06, false, 0.92, 0.98)]
    [InlineData(8, 0.06, true, 0.92, 0.98)]
    public void The_interval_holds_the_true_ratio_about_as_often_as_it_says(
        int seeds, double cellNoise, bool hasPhases, double least, double most)
    {
        int held = Ratios(seeds, 1.3, cellNoise, epochSteps: 24, hasPhases).Count(ratio => ratio.Low <= 1.3 && ratio.High >= 1.3);
        Assert.InRange((double)held / Trials, least, most);
    }

    /// <summary>As in <c>compare</c>: sides with different numbers of trainings, whose trainings differ by different amounts.</summary>
    [Theory]
    [InlineData(2, 2, 0.06, 0.06, 0.92)]
    [InlineData(3, 3, 0.06, 0.02, 0.92)]
    [InlineData(2, 10, 0.06, 0.06, 0.9)]
    [InlineData(2, 10, 0.06, 0.015, 0.88)]
    [InlineData(2, 10, 0.015, 0.06, 0.9)]
    public void Of_unequal_sides_too(int units, int others, double noise, double noiseOfOthers, double least)
    {
        var random = new Random(42);
        int held = 0;
        for (int trial = 0; trial < Trials; trial++)
        {
            PairedRatio ratio = RatioBootstrap.Unpaired(
                Units(random, units, 1.3, noise), Units(random, others, 1, noiseOfOthers), IntervalScope.Seeds, PairedRatio.DefaultThreshold);
            held += ratio.Low <= 1.3 && ratio.High >= 1.3 ? 1 : 0;
        }

        Assert.InRange((double)held / Trials, least, 0.99);
    }

    /// <summary>Degrees of freedom by the formula of Welch (1947) and Satterthwaite (1946).</summary>
    [Fact]
    public void Degrees_of_freedom_are_Welchs()
    {
        double[] few = [10.1, 9.2, 11.4], many = [8.0, 8.1, 7.9, 8.05, 8.2];
        Assert.Equal(2.0246, RatioBootstrap.WelchFreedom(Of(few), Of(many)), 3);
        Assert.Equal(2, RatioBootstrap.WelchFreedom(Of(few), Of([8])), 12);

        static IReadOnlyList<RatioUnit> Of(double[] logs) => [.. logs.Select(log => new RatioUnit(log, []))];
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 8)]
    [InlineData(8, 1)]
    public void One_training_is_never_called_faster_or_slower(int units, int others)
    {
        var random = new Random(42);
        for (int trial = 0; trial < 20; trial++)
        {
            PairedRatio ratio = RatioBootstrap.Unpaired(
                Units(random, units, 2, 0.03), Units(random, others, 1, 0.03), IntervalScope.Seeds, PairedRatio.DefaultThreshold);
            Assert.Equal((Verdict.OneTraining, IntervalScope.OneTraining), (ratio.Verdict, ratio.Scope));
        }

        Assert.All(Ratios(seeds: 1, 2, 0.03), ratio => Assert.Equal(Verdict.OneTraining, ratio.Verdict));
    }

    [Theory]
    [InlineData(2, 0.03)]
    [InlineData(3, 0.03)]
    public void Equal_trainings_are_hardly_ever_called_different(int seeds, double cellNoise)
    {
        int wrong = Ratios(seeds, 1, cellNoise).Count(ratio => ratio.Verdict is Verdict.Faster or Verdict.Slower);
        Assert.True(wrong <= 0.04 * Trials, $"{wrong} of {Trials}");
    }

    [Fact]
    public void A_tenth_more_time_is_found()
    {
        int found = Ratios(seeds: 3, 1.1, cellNoise: 0.005).Count(ratio => ratio.Verdict == Verdict.Slower);
        Assert.True(found >= 0.93 * Trials, $"{found} of {Trials}");
    }

    [Fact]
    public void The_same_data_give_the_same_interval() => Assert.Equal(Ratios(3, 1, 0.02).First(), Ratios(3, 1, 0.02).First());

    [Fact]
    public void Without_noise_the_interval_is_the_ratio()
    {
        PairedRatio ratio = RatioBootstrap.Paired([Pair(2, 100, 200), Pair(2, 100, 200)]);
        Assert.Equal((0.5, 0.5, 0.5), (ratio.Estimate, ratio.Low, ratio.High));
        Assert.Equal((Verdict.Faster, 2, IntervalScope.Seeds), (ratio.Verdict, ratio.Units, ratio.Scope));
    }

    [Fact]
    public void Seeds_are_averaged_as_ratios()
    {
        PairedRatio ratio = RatioBootstrap.Paired([Pair(2, 100, 200), Pair(2, 2000, 1000)]);
        Assert.Equal(1, ratio.Estimate, 12);
        Assert.Equal(Verdict.Inconclusive, ratio.Verdict);
    }

    [Fact]
    public void Phases_of_a_schedule_are_not_taken_for_noise()
    {
        // A third of the steps takes three times as long, in both: the ratio is certain all the same.
        long[] strategy = [.. Enumerable.Range(0, 960).Select(step => step < 320 ? 3_000_000L : 1_000_000L)];
        long[] baseline = [.. strategy.Select(step => step * 2)];
        PairedRatio ratio = RatioBootstrap.Paired([RatioUnit.Of(StepBlocks.Of([strategy]), StepBlocks.Of([baseline]))]);
        Assert.InRange(ratio.High - ratio.Low, 0, 0.25);
        Assert.True(ratio.High < 1);
    }

    [Theory]
    [InlineData(1, 0.3)]
    [InlineData(2, 1e-6)]
    [InlineData(3, 1e-6)]
    public void A_schedule_alone_makes_no_interval(int seeds, double widest)
    {
        StepBlocks strategy = StepBlocks.Of([[.. Schedule(24).Select(stepMs => (long)(stepMs * 1e6))]]);
        StepBlocks baseline = Even(1, 60_000_000, 120);
        PairedRatio ratio = Together([.. Enumerable.Repeat(strategy, seeds)], [.. Enumerable.Repeat(baseline, seeds)]);
        Assert.InRange(ratio.High - ratio.Low, 0, widest);
        Assert.True(ratio.High < 1);
    }

    [Fact]
    public void Too_few_steps_of_too_few_seeds_say_nothing()
    {
        PairedRatio ratio = RatioBootstrap.Paired([Short(), Short()]);
        Assert.Equal(0.5, ratio.Estimate, 12);
        Assert.True(double.IsNaN(ratio.Low) && double.IsNaN(ratio.High));
        Assert.Equal(Verdict.Inconclusive, ratio.Verdict);
        Assert.Equal(Verdict.Faster, RatioBootstrap.Paired([Short(), Short(), Short()]).Verdict);

        static RatioUnit Short() => RatioUnit.Of(StepBlocks.Of([[100, 100]]), StepBlocks.Of([[200, 200]]));
    }

    [Theory]
    [InlineData(0.90, 0.97, nameof(Verdict.Faster))]
    [InlineData(0.90, 0.985, nameof(Verdict.Inconclusive))]
    [InlineData(0.985, 1.015, nameof(Verdict.Same))]
    [InlineData(0.99, 1.03, nameof(Verdict.Inconclusive))]
    [InlineData(1.03, 1.04, nameof(Verdict.Slower))]
    [InlineData(double.NaN, double.NaN, nameof(Verdict.Inconclusive))]
    public void The_whole_interval_decides(double low, double high, string expected) =>
        Assert.Equal(expected, new PairedRatio(1, low, high, 0.95, 0.02, 2, 8, IntervalScope.Seeds).Verdict.ToString());

    [Fact]
    public void A_block_takes_as_long_as_its_slowest_rank()
    {
        // Ranks that alternate in being late, as between two synchronisations, are not late twice.
        long[] even = [.. Enumerable.Range(0, 64).Select(step => step % 2 == 0 ? 30L : 10L)];
        long[] odd = [.. Enumerable.Range(0, 64).Select(step => step % 2 == 0 ? 10L : 30L)];
        StepBlocks blocks = StepBlocks.Of([even, odd]);
        Assert.Equal((20.0, 4, true), (blocks.MeanNs, blocks.Count, blocks.HasNoise));
    }

    /// <summary>The trainings of one side, told from the phases that they have in common as in a summary.</summary>
    private static IReadOnlyList<RatioUnit> Units(Random random, int count, double truth, double cellNoise) =>
    [
        .. StepBlocks.Together([.. Enumerable.Range(0, count).Select(_ => Training(random, truth, cellNoise, 24, false))]).Select(RatioUnit.Of),
    ];

    private static RatioUnit Pair(int ranks, long stepNs, long baselineNs) => RatioUnit.Of(Even(ranks, stepNs), Even(ranks, baselineNs));

    private static StepBlocks Even(int ranks, long stepNs, int steps = 100) =>
        StepBlocks.Of([.. Enumerable.Range(0, ranks).Select(_ => Enumerable.Repeat(stepNs, steps).ToArray())]);

    private static IEnumerable<PairedRatio> Ratios(int seeds, double truth, double cellNoise, int epochSteps = 64, bool hasPhases = false)
    {
        var random = new Random(42);
        for (int trial = 0; trial < Trials; trial++)
        {
            StepBlocks[][] trainings =
            [
                .. Enumerable.Range(0, seeds).Select(_ => (StepBlocks[])
                    [Training(random, truth, cellNoise, epochSteps, hasPhases), Training(random, 1, cellNoise, epochSteps, false)]),
            ];
            yield return Together([.. trainings.Select(pair => pair[0])], [.. trainings.Select(pair => pair[1])]);
        }
    }

    private static PairedRatio Together(StepBlocks[] strategy, StepBlocks[] baseline) =>
        RatioBootstrap.Paired([.. StepBlocks.Together(strategy).Zip(StepBlocks.Together(baseline), RatioUnit.Of)]);

    /// <summary>
    /// 5 epochs with steps of 1 ms in the mean, with autocorrelated noise of 10 %, interruptions, and an error that the whole training shares.
    /// </summary>
    private static StepBlocks Training(Random random, double factor, double cellNoise, int epochSteps, bool hasPhases)
    {
        const double Autocorrelation = 0.5;
        double[] schedule = [.. Schedule(epochSteps).Select(stepMs => hasPhases ? stepMs / Schedule(epochSteps).Average() : 1)];
        double level = factor * Math.Exp(cellNoise * Normal(random));
        double noise = Normal(random);
        long[] steps = new long[schedule.Length];
        for (int i = 0; i < steps.Length; i++)
        {
            noise = (Autocorrelation * noise) + (Math.Sqrt(1 - (Autocorrelation * Autocorrelation)) * Normal(random));
            double interruption = random.NextDouble() < 0.02 ? 1 : 0;
            steps[i] = (long)(1e6 * level * (schedule[i] + (0.1 * noise) + interruption));
        }

        return StepBlocks.Of([steps]);
    }

    /// <summary>
    /// DASO's steps in milliseconds over 5 epochs: the first and the last block; between them every fourth step merges, and an epoch's
    /// last step blocks.
    /// </summary>
    private static IEnumerable<double> Schedule(int epochSteps) =>
        Enumerable.Range(0, 5 * epochSteps).Select(step => (step / epochSteps, step % epochSteps) switch
        {
            (0 or 4, _) => 54.0,
            (_, int batch) when batch == epochSteps - 1 => 54,
            (_, int batch) => batch % 4 == 1 ? 34 : 30,
        });

    private static double Normal(Random random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
