using Daso.Analysis;
using Daso.CommandLine;
using Daso.Recording;
using Daso.Tests.Recording;

namespace Daso.Tests.Analysis;

/// <summary>What an A/A test shows of a machine.</summary>
public sealed class AAFindingTests
{
    private static readonly string[] s_names = ["ddp-1", "ddp-2", "ddp-3"];
    private static readonly int[] s_seeds = [1, 2, 3, 4, 5, 6];

    [Fact]
    public void Equal_trainings_are_not_told_apart_and_the_widest_interval_says_what_would_be()
    {
        AAFinding finding = Measure((_, _) => 1);

        Assert.Equal(3, finding.Pairs.Count);
        Assert.False(finding.IsBiased);
        Assert.InRange(finding.Faster, 0.9, 0.98);
        Assert.InRange(finding.Slower, 1.02, 1.1);
        Assert.Equal(0.98 * 1.02, finding.Faster * finding.Slower, 1e-12);
        Assert.Matches(
            "^With 6 seeds of 320 steps this machine tells a strategy from another if it takes below 0.9.. or above 1.0.. of another's step time",
            AAPrinter.InWords(finding, 6));
    }

    [Fact]
    public void Its_tables_and_its_sentence_are_shown()
    {
        using var output = new StringWriter();
        AAPrinter.Write("resnet-digits", Measure((_, _) => 1, seeds: 2), SpeedupTable.ConsoleFor(output));

        Assert.Matches(@"│ ddp-2 / ddp-1 │ *[01]\.\d{3} \[[01]\.\d{3}, [01]\.\d{3}\] +│ (same|inconclusive) ", output.ToString());
        Assert.Matches(@"│ 3 +│ [01]\.\d{4} ", output.ToString());
        Assert.Contains("With 2 seeds of 320 steps", output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_place_that_is_slower_is_seen_by_its_place()
    {
        AAFinding finding = Measure((_, place) => place == 0 ? 1.06 : 1);

        Assert.Equal(Math.Pow(1.06, 2.0 / 3), finding.Places[0], 5e-3);
        Assert.Equal(Math.Pow(1.06, -1.0 / 3), finding.Places[1], 5e-3);
        // Each name was first as often as the others: the order keeps the place out of the ratios.
        Assert.All(finding.Pairs, pair => Assert.Equal(1, pair.Ratio.Estimate, 0.01));
    }

    [Fact]
    public void Equal_trainings_that_are_told_apart_are_a_warning()
    {
        AAFinding finding = Measure((name, _) => name == "ddp-3" ? 1.2 : 1);

        Assert.True(finding.IsBiased);
        Assert.Contains("equal trainings were told apart", AAPrinter.InWords(finding, 6), StringComparison.Ordinal);
    }

    [Fact]
    public void Few_steps_or_one_seed_tell_nothing()
    {
        Assert.Contains("nothing can be told apart: take 6 seeds of 64 steps and more", AAPrinter.InWords(Measure((_, _) => 1, seeds: 2, steps: 8), 6), StringComparison.Ordinal);
        Assert.Contains("no verdicts", AAPrinter.InWords(Measure((_, _) => 1, seeds: 1), 6), StringComparison.Ordinal);
    }

    private static AAFinding Measure(Func<string, int, double> slowdown, int seeds = 6, int steps = 320)
    {
        PlannedExperiment plan = SyntheticRun.Plan(s_names) with { Baseline = s_names[0], Seeds = s_seeds[..seeds] };
        using var run = new SyntheticRun(new RecordedCluster(1, 1, "cpu"), plan);
        (string Name, int Seed)[] order =
        [
            .. Daso.Experiments.CellOrder.Of(s_names.Length, seeds).SelectMany((row, seed) => row.Select(name => (s_names[name], s_seeds[seed]))),
        ];
        foreach (((string name, int seed), int i) in order.Select((cell, i) => (cell, i)))
            run.RecordNoisy(new CellId(plan.Name, name, seed), steps, (long)(1e7 * slowdown(name, i % s_names.Length)), 0.9);
        return AAFinding.Of(Assert.Single(RunSummary.Read(run.Folder.Path).Experiments), order)!;
    }
}
