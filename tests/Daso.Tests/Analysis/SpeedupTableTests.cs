using System.Text.Json.Nodes;
using Daso.Analysis;
using Daso.Recording;
using Daso.Specification;
using Daso.Tests.Recording;
using Spectre.Console;

namespace Daso.Tests.Analysis;

public class SpeedupTableTests
{
    [Fact]
    public void The_plain_table_reads_well()
    {
        const string Expected = """
            resnet-digits: 2 × 2 ranks on cpu; link 1 Gbit/s, 50 µs; seeds 1, 2, 3; baseline ddp
            INCOMPLETE: 2 of 9 trainings are missing: none, seeds 2, 3 (not started); strategies with different seeds do not compare, but for ratios, which are by seed
            ╭──────────┬───────┬───────────────┬──────────────┬──────────┬──────────┬─────────────────────────┬───────────────┬───────────────┬─────────╮
            │ Strategy │ Seeds │          Step │      p10…p90 │ images/s │ Training │                  vs ddp │      To ≥ 0.9 │      accuracy │    Sent │
            ├──────────┼───────┼───────────────┼──────────────┼──────────┼──────────┼─────────────────────────┼───────────────┼───────────────┼─────────┤
            │ daso     │   3/3 │ 41.0 ± 0.5 ms │ 40.5…41.5 ms │    6,244 │   246 ms │ 0.50 (0.50…0.50) faster │  246 ms (3/3) │ 0.920 ± 0.010 │ 4.00 kB │
            │ ddp      │   3/3 │ 82.0 ± 1.0 ms │ 81.0…83.0 ms │    3,122 │   492 ms │                       1 │  missed (0/3) │ 0.880 ± 0.000 │ 22.3 MB │
            │ none †   │   1/3 │ 31.2 ± 0.0 ms │ 31.2…31.2 ms │    8,196 │   187 ms │   0.39 (–) one training │ 93.7 ms (1/1) │         0.500 │     0 B │
            ╰──────────┴───────┴───────────────┴──────────────┴──────────┴──────────┴─────────────────────────┴───────────────┴───────────────┴─────────╯
            † none did less work, so that its times do not compare: reached the target in 1 epochs; the baseline needs 3 or more, at least 1.6 by its spread
            one training: no verdict; the intervals hold the noise inside these trainings, not what another training would differ by
            daso took 0.50 (0.50…0.50) of ddp's training time; accuracy 0.920 against 0.880, a difference of 0.040 ± 0.025 (3 seeds)
            ╭─────────────────┬─────────┬──────┬─────────┬─────────┬──────────┬─────────┬──────┬─────────┬───────┬────────┬───────────┬─────────┬─────────┬───────────╮
            │ Where time goes │    Mean │ Data │ Buffers │ Forward │ Backward │   Local │ Send │    Wait │ Merge │ Update │ Imbalance │   Other │   Alloc │        GC │
            ├─────────────────┼─────────┼──────┼─────────┼─────────┼──────────┼─────────┼──────┼─────────┼───────┼────────┼───────────┼─────────┼─────────┼───────────┤
            │ daso            │ 41.0 ms │    – │       – │       – │        – │ 1.23 ms │    – │ 8.20 ms │     – │      – │         – │ 31.6 ms │ 15.2 kB │ 0 + 0 + 0 │
            │ ddp             │ 82.0 ms │    – │       – │       – │        – │ 2.46 ms │    – │ 16.4 ms │     – │      – │         – │ 63.1 ms │ 15.2 kB │ 0 + 0 + 0 │
            │ none            │ 31.2 ms │    – │       – │       – │        – │  937 µs │    – │ 6.25 ms │     – │      – │         – │ 24.1 ms │ 15.2 kB │ 0 + 0 + 0 │
            ╰─────────────────┴─────────┴──────┴─────────┴─────────┴──────────┴─────────┴──────┴─────────┴───────┴────────┴───────────┴─────────┴─────────┴───────────╯

            Seeds            trained of those that were planned: what means and medians over seeds are taken over
            Step             the slowest rank's time: median ± median absolute deviation over the steps of all seeds
            p10…p90          of the same times
            …/s              of all ranks over the training time, median over seeds
            Training         time of all epochs without evaluation, median over seeds
            vs               step time over the baseline's with the same seed; 95 % interval; what it says at ± 2 % (–: too few steps for an interval)
            To               training time up to the end of the first epoch with this quality: median (seeds that reached it / seeds)
            accuracy, …      the quality on held-out data after the last epoch: mean ± standard deviation over seeds
            Sent             bytes from a node to other nodes in a step
            Where time goes  the parts of a step, means over ranks, steps and seeds; they add up to Mean
            Buffers          broadcasting batch norm's running statistics, what ranks wait for each other included
            Local            averaging or broadcasting inside the node, once its ranks are there
            Send             packing and handing over
            Wait             waiting for other nodes once they are there, also through the node's rank on duty: the network
            Imbalance        waiting for ranks that come later to a common operation
            Alloc            managed bytes that a rank allocates in a step, median
            GC               garbage collections during timed steps of all seeds, by generation: 0 + 1 + 2
            left out: resnet-digits, none, seed 2: not started
            left out: resnet-digits, none, seed 3: not started
            """;
        using SyntheticRun run = ThreeStrategies();

        Assert.Equal(Expected, Plain(RunSummary.Read(run.Folder.Path)), ignoreLineEndingDifferences: true);
    }

    [Fact]
    public void The_ranking_begins_with_what_most_seeds_took_to_the_target()
    {
        using SyntheticRun run = ThreeStrategies();
        ExperimentSummary experiment = RunSummary.Read(run.Folder.Path).Experiments.Single();
        Assert.Equal(["daso", "none", "ddp"], RankingTable.Ranked(experiment).Select(strategy => strategy.Strategy));
    }

    [Fact]
    public void A_real_link_is_told()
    {
        using var run = new SyntheticRun(
            new RecordedCluster(2, 2, "cpu") { HasRealLinks = true }, SyntheticRun.Plan("ddp") with { Seeds = [3], Link = null });
        Assert.Contains("2 × 2 ranks on cpu; link real (MPI); seed 3", Plain(RunSummary.Read(run.Folder.Path)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(4, true)]
    [InlineData(1, false)]
    [InlineData(null, false)]
    public void Ranks_that_share_a_gpu_are_told(int? ranksPerGpu, bool isWarned)
    {
        using var run = new SyntheticRun(
            new RecordedCluster(2, 2, "cuda") { RanksPerGpu = ranksPerGpu }, SyntheticRun.Plan("ddp") with { Seeds = [3] });
        Assert.Equal(isWarned, Plain(RunSummary.Read(run.Folder.Path)).ReplaceLineEndings(" ")
            .Contains("SHARED: 4 ranks compute on one GPU", StringComparison.Ordinal));
    }

    [Fact]
    public void A_link_without_limit_and_a_loss_target_are_told()
    {
        PlannedExperiment plan = SyntheticRun.Plan("ddp") with
        {
            Unit = "tokens",
            Seeds = [3],
            Link = null,
            Target = new TargetQuality("loss", TargetDirection.AtMost, 2.5),
        };
        using var run = new SyntheticRun(new RecordedCluster(1, 1, "cuda"), plan);
        run.Record(new CellId(plan.Name, "ddp", 3), 0, recorder =>
        {
            recorder.Span(SpanKind.Step, 0, 2_000_000_000);
            recorder.Metric(MetricNames.Items, 3_000_000);
            recorder.Metric(MetricNames.HeldOut("loss"), 2.25);
        });
        run.End(new CellId(plan.Name, "ddp", 3));

        string text = Plain(RunSummary.Read(run.Folder.Path));

        Assert.StartsWith("resnet-digits: 1 × 1 ranks on cuda; link unlimited; seed 3; baseline ddp\n", text, StringComparison.Ordinal);
        Assert.Contains(" tokens/s │", text, StringComparison.Ordinal);
        Assert.Matches("To ≤ 2.5 │ +loss │", text);
        Assert.Contains(
            "│ ddp      │   1/1 │ 2.00 ± 0.00 s │ 2.00…2.00 s │ 1,500,000 │   2.00 s │      1 │ 2.00 s (1/1) │ 2.250 │  0 B │",
            text,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_narrow_console_gets_a_column_for_each_strategy()
    {
        using SyntheticRun run = ThreeStrategies();
        using var output = new StringWriter();
        IAnsiConsole console = SpeedupTable.ConsoleFor(output);
        console.Profile.Width = 80;

        SpeedupTable.Write(RunSummary.Read(run.Folder.Path), console, hasLegend: false);

        Assert.Contains("│ Strategy │                    daso │           ddp │                  none │", output.ToString(), StringComparison.Ordinal);
        Assert.Contains("│ To ≥ 0.9 │            246 ms (3/3) │  missed (0/3) │         93.7 ms (1/1) │", output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_strategy_is_compared_with_the_baselines_form_of_the_same_ending()
    {
        PlannedExperiment plan = SyntheticRun.Plan("ddp", "ddp-bf16", "daso-bf16") with { Seeds = [1, 2] };
        using var run = new SyntheticRun(new RecordedCluster(1, 1, "cpu"), plan);
        foreach (CellId cell in plan.Cells())
            run.RecordEven(cell, cell.Strategy switch { "ddp" => 1000, "ddp-bf16" => 800, _ => 600 }, 0, 0.9, cell.Strategy == "ddp" ? 0.95 : 0.95 + (cell.Seed * 0.01));

        Assert.Equal(
            [
                "ddp-bf16 took 0.80 (0.80…0.80) of ddp's training time; accuracy 0.965 against 0.950, not told apart (2 seeds)",
                "daso-bf16 took 0.60 (0.60…0.60) of ddp's training time, 0.75 of ddp-bf16's, which sends in the same format; "
                    + "accuracy 0.965 against 0.950, not told apart (2 seeds)",
            ],
            Findings.Of(Assert.Single(RunSummary.Read(run.Folder.Path).Experiments)));
    }

    [Fact]
    public void The_legend_is_there_for_who_asks_for_it()
    {
        using SyntheticRun run = ThreeStrategies();
        using var output = new StringWriter();

        SpeedupTable.Write(RunSummary.Read(run.Folder.Path), SpeedupTable.ConsoleFor(output), hasLegend: false);

        Assert.DoesNotContain("median absolute deviation", output.ToString(), StringComparison.Ordinal);
        Assert.Contains("what the columns mean: --legend", output.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ColorSystemSupport.Standard, true)]
    [InlineData(ColorSystemSupport.NoColors, false)]
    public void Only_a_console_with_colours_gets_them(ColorSystemSupport colours, bool expected)
    {
        using SyntheticRun run = ThreeStrategies();
        using var output = new StringWriter();
        IAnsiConsole console = AnsiConsole.Create(
            new AnsiConsoleSettings { Ansi = AnsiSupport.Yes, ColorSystem = colours, Out = new AnsiConsoleOutput(output) });

        SpeedupTable.Write(RunSummary.Read(run.Folder.Path), console, hasLegend: false);

        Assert.Equal(expected, output.ToString().Contains("\e[32m", StringComparison.Ordinal));
    }

    [Fact]
    public void The_JSON_has_every_number_and_null_for_missing_ones()
    {
        using SyntheticRun run = ThreeStrategies();
        RunSummary summary = RunSummary.Read(run.Folder.Path);
        using var output = new StringWriter();
        SpeedupTable.WriteJson(summary, output);
        summary.Write(run.Folder);

        JsonNode json = JsonNode.Parse(output.ToString())!;
        JsonNode daso = json["experiments"]![0]!["strategies"]![0]!;
        Assert.Equal("daso", (string?)daso["strategy"]);
        Assert.Equal(0.5, (double)daso["relativeTraining"]!["median"]!);
        Assert.Equal(4_000, (double)daso["bytesPerNodeStep"]!);
        Assert.Equal([1, 2, 3], daso["cells"]!.AsArray().Select(cell => (int)cell!["seed"]!));
        Assert.Null(json["experiments"]![0]!["strategies"]![1]!["timeToTargetNs"]!["median"]);
        Assert.True(JsonNode.DeepEquals(json, JsonNode.Parse(File.ReadAllText(run.Folder.Summary))));
    }

    [Fact]
    public void A_strategy_that_did_less_work_is_marked()
    {
        using var run = new SyntheticRun(new RecordedCluster(1, 1, "cpu"), SyntheticRun.Plan("daso", "ddp") with { Seeds = [1] });
        run.RecordNoisy(new CellId("resnet-digits", "daso", 1), steps: 90, stepNs: 1000, 0.95);
        run.RecordNoisy(new CellId("resnet-digits", "ddp", 1), steps: 100, stepNs: 1000, 0.95);

        string text = Plain(RunSummary.Read(run.Folder.Path));

        Assert.Contains("│ daso †   │", text, StringComparison.Ordinal);
        Assert.Contains(
            "† daso did less work, so that its times do not compare: 90 steps with seed 1, the baseline 100", text, StringComparison.Ordinal);
    }

    private static string Plain(RunSummary summary)
    {
        using var output = new StringWriter();
        SpeedupTable.Write(summary, SpeedupTable.ConsoleFor(output), hasLegend: true);
        return string.Join('\n', output.ToString().Split('\n').Select(line => line.TrimEnd())).TrimEnd();
    }

    private static SyntheticRun ThreeStrategies()
    {
        PlannedExperiment plan = SyntheticRun.Plan("daso", "ddp", "none") with { Seeds = [1, 2, 3] };
        var run = new SyntheticRun(new RecordedCluster(2, 2, "cpu"), plan);
        for (int seed = 1; seed <= 3; seed++)
        {
            run.RecordEven(new CellId("resnet-digits", "daso", seed), 40_000_000L + (seed * 500_000), 2_000, 0.7, 0.9 + (seed * 0.01));
            run.RecordEven(new CellId("resnet-digits", "ddp", seed), 81_000_000L + ((seed - 1) * 1_000_000), 11_173_962, 0.7, 0.88);
        }

        run.RecordEven(new CellId("resnet-digits", "none", 1), 31_234_567, 0, 0.9, 0.5);
        return run;
    }
}
