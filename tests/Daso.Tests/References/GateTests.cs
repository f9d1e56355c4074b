using Daso.References;

namespace Daso.Tests.References;

/// <summary>Alarms of the gate over many simulated nights.</summary>
public class GateTests
{
    private const int Systems = 25;
    private const int Nights = 10;

    [Theory]
    [InlineData(5)]
    [InlineData(10)]
    public void Equal_builds_raise_no_alarm_and_a_slowdown_of_a_tenth_is_found(int referenceRuns)
    {
        int falseAlarms = 0, found = 0, foundInBaseline = 0;
        for (int system = 0; system < Systems; system++)
        {
            var runs = new SimulatedRuns(system);
            ReferenceFile file = ReferenceMaker.Make("s", [.. Enumerable.Range(0, referenceRuns).Select(_ => runs.Next())], null);
            for (int night = 0; night < Nights; night++)
            {
                falseAlarms += Alarms(runs.Next(), file);
                found += Alarms(runs.Next(slowdown: 0.1), file);
                foundInBaseline += Alarms(runs.Next(baselineSlowdown: 0.1), file);
            }
        }

        const int All = Systems * Nights;
        Assert.InRange(falseAlarms, 0, All / 100);
        Assert.InRange(found, All * 95 / 100, All);
        // The machine's own speed, 3 % from night to night, hides some of them.
        Assert.InRange(foundInBaseline, All * 85 / 100, All);
    }

    [Fact]
    public void Noisier_runs_ask_for_a_wider_tolerance()
    {
        double[] quiet = [0.750, 0.751, 0.749, 0.750, 0.752], noisy = [0.75, 0.80, 0.71, 0.77, 0.73];
        var least = Tolerance.Of(quiet, 0.01, 0.05);
        var wide = Tolerance.Of(noisy, 0.01, 0.05);

        Assert.Equal(0.05, least.Upper, 12);
        Assert.InRange(wide.Upper, 0.1, 0.3);
        Assert.InRange(least.FindsRise(), 0.05, 0.1);
        // What the seeds inside the runs say is believed, too.
        Assert.True(Tolerance.Of(quiet, 0.03, 0.05).Upper > 0.05);
    }

    /// <summary>With a single run, t with 4 degrees of freedom × 1 % × √2.</summary>
    [Fact]
    public void A_single_run_is_given_the_assumed_noise()
    {
        var tolerance = Tolerance.Of([0.75], 0.01, 0.05);
        Assert.Equal(0.01, tolerance.Noise, 12);
        Assert.Equal(4.604094871 * 0.01 * Math.Sqrt(2), tolerance.Reach, 10);
    }

    [Fact]
    public void However_noisy_the_runs_a_figure_can_fall_below_its_tolerance()
    {
        var wide = Tolerance.Of([0.2, 0.9, 0.4], 0.5, 0.05);
        Assert.True(wide.Upper > 1);
        Assert.InRange(wide.Lower, -0.999, -0.5);
        Assert.Equal(1, (1 + wide.Lower) * (1 + wide.Upper), 12);
        Assert.InRange(wide.FindsFall, -wide.Lower, 1);
    }

    [Fact]
    public void A_blurred_run_finds_only_what_its_interval_does_not_reach()
    {
        var tolerance = new Tolerance(Math.Log(1.05), 0.01);
        Assert.Equal(tolerance.FindsRise(), tolerance.FindsRise(0.03), 12);
        Assert.True(tolerance.FindsRise(0.3) > Math.Exp(0.3) - 1);
    }

    [Fact]
    public void A_hiccup_in_one_training_of_six_moves_the_figure_little()
    {
        NoisyFigure even = NoisyFigure.OfRatios([0.75, 0.75, 0.75, 0.75, 0.75, 0.75], (1, 1));
        NoisyFigure hiccup = NoisyFigure.OfRatios([0.75, 0.75, 0.75, 0.75, 0.75, 1.5], (1, 1));
        Assert.Equal(0.75, even.Value, 12);
        Assert.Equal(0.75, hiccup.Value, 12);
    }

    [Fact]
    public void Two_seeds_of_three_that_happen_to_agree_are_no_certainty()
    {
        NoisyFigure three = NoisyFigure.OfRatios([1.129, 1.13, 1.3], (0.9, 1.1));
        Assert.Equal((0.9, 1.1), (three.LowFactor, three.HighFactor));
    }

    private static int Alarms(RunFigures run, ReferenceFile file) =>
        ReferenceCheck.ExitCodeOf(ReferenceCheck.Of(run, file.Experiments)) == ExitCode.Done ? 0 : 1;
}
