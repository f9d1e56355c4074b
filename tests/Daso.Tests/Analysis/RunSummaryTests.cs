using Daso.Analysis;
using Daso.Recording;
using Daso.Reporting;
using Daso.Tests.Recording;

namespace Daso.Tests.Analysis;

public class RunSummaryTests
{
    private static readonly CellId s_daso = new("resnet-digits", "daso", 1);

    /// <summary>Two nodes of one rank; two epochs of two steps; rank 1 ends its first epoch with a wait after the evaluation.</summary>
    [Fact]
    public void A_cell_is_summarised_as_computed_by_hand()
    {
        using var run = new SyntheticRun(new RecordedCluster(2, 1, "cpu"), SyntheticRun.Plan("daso", "ddp") with { Seeds = [1] });
        run.Record(s_daso, 0, recorder =>
        {
            Step(recorder, 0, 0, 0, 100);
            Step(recorder, 0, 1, 110, 210);
            recorder.Span(SpanKind.Evaluation, 210, 290);
            recorder.Metric(MetricNames.HeldOut("accuracy"), 0.85);
            Step(recorder, 1, 2, 1000, 1100);
            Step(recorder, 1, 3, 1100, 1250);
            recorder.Span(SpanKind.Evaluation, 1250, 200);
            recorder.Metric(MetricNames.HeldOut("accuracy"), 0.92);
        });
        run.Record(s_daso, 1, recorder =>
        {
            Step(recorder, 0, 0, 0, 120);
            Step(recorder, 0, 1, 120, 210);
            recorder.Span(SpanKind.Evaluation, 210, 290);
            recorder.Span(SpanKind.GlobalWait, 500, 30);
            Step(recorder, 1, 2, 1000, 1090);
            Step(recorder, 1, 3, 1090, 1240);
        });
        run.End(s_daso);
        run.RecordEven(s_daso with { Strategy = "ddp" }, stepNs: 200, bytes: 0, 0.5, 0.6);

        ExperimentSummary experiment = Assert.Single(RunSummary.Read(run.Folder.Path).Experiments);
        StrategySummary daso = experiment.Strategies[0];
        CellSummary cell = Assert.Single(daso.Cells);
        Assert.Equal([120, 100, 100, 150], cell.StepsNs);
        Assert.Equal(4, cell.Steps);
        Assert.Equal(240 + 250, cell.TrainingNs);
        Assert.Equal(490, cell.TimeToTargetNs);
        Assert.Equal(0.92, cell.FinalQuality);
        Assert.Equal(4 * 2 * 32 / 490e-9, cell.ItemsPerSecond, 1e-3);
        Assert.Equal(500, cell.BytesPerNodeStep);
        Assert.Equal(8 * 5 / 900.0, cell.LocalWaitShare, 12);
        Assert.Equal(((8 * 10) + 30) / 900.0, cell.GlobalWaitShare, 12);
        Assert.Null(cell.AllocatedBytesPerStep);
        Assert.Equal(490.0 / 1200, cell.RelativeTraining);
        Assert.Equal(110, daso.StepNs.Median);
        Assert.Equal(10, daso.StepNs.MedianAbsoluteDeviation);
        Assert.False(daso.IsBaseline);

        StrategySummary ddp = experiment.Strategies[1];
        Assert.True(ddp.IsBaseline);
        Assert.Equal(1, ddp.RelativeTraining.Median);
        Assert.Null(ddp.Cells[0].TimeToTargetNs);
        Assert.Equal(0, ddp.TimeToTargetNs.Count);
        Assert.Equal(15_200, ddp.AllocatedBytesPerStep);
    }

    [Fact]
    public void A_step_in_which_a_process_was_stopped_counts_in_no_time_of_steps()
    {
        using var run = new SyntheticRun(new RecordedCluster(2, 1, "cpu"), SyntheticRun.Plan("daso") with { Baseline = "daso", Seeds = [1] });
        for (int rank = 0; rank < 2; rank++)
        {
            run.Record(s_daso, rank, recorder =>
            {
                for ((int step, long startNs) = (0, 0); step < 64; step++)
                {
                    // The ranks went on at different moments: one has the stop in the step after the other's.
                    bool isStopped = step == 20 + rank;
                    long durationNs = isStopped ? 5000 : 100;
                    Step(recorder, 0, step, startNs, startNs + durationNs);
                    if (isStopped)
                        recorder.Metric(MetricNames.StoppedNs, (8 + rank) * 1e9);
                    startNs += durationNs;
                }
            });
        }

        run.End(s_daso);
        RunSummary summary = RunSummary.Read(run.Folder.Path);
        StrategySummary daso = Assert.Single(Assert.Single(summary.Experiments).Strategies);
        CellSummary cell = Assert.Single(daso.Cells);
        Assert.Equal((9e9, 2), (cell.Stops!.StoppedNs, cell.Stops.Steps));
        Assert.Equal((62, 100, 100), (daso.StepNs.Count, daso.StepNs.Minimum, daso.StepNs.Maximum));
        Assert.Equal((100, 5, 10), (daso.Breakdown.StepNs, daso.Breakdown.LocalSyncNs, daso.Breakdown.GlobalWaitNs));
        Assert.Equal(100, cell.Blocks!.MeanNs);
        Assert.Equal(0.05, cell.LocalWaitShare, 12);
        Assert.Equal((64, 64 * 2 * 32), (cell.Steps, cell.Items));

        string expected = "daso, seed 1 was stopped from outside for 9.00 s: no time counts that, and 2 of 64 steps are left out of the times of steps";
        var output = new StringWriter();
        SpeedupTable.Write(summary, SpeedupTable.ConsoleFor(output), hasLegend: false);
        Assert.Contains(expected, output.ToString(), StringComparison.Ordinal);
        Assert.Contains(expected, ReportTable.Of(summary, summary.Experiments[0]).Warnings);
        Assert.Contains("\"stops\"", summary.ToJson(), StringComparison.Ordinal);
    }

    [Fact]
    public void Seeds_are_compared_in_pairs()
    {
        using var run = new SyntheticRun(new RecordedCluster(1, 2, "cpu"), SyntheticRun.Plan("daso", "ddp"));
        run.RecordEven(s_daso, 100, 0, 0.95, 0.96);
        run.RecordEven(s_daso with { Seed = 2 }, 300, 0, 0.5, 0.98);
        run.RecordEven(s_daso with { Strategy = "ddp" }, 200, 0, 0.9, 0.9);
        run.RecordEven(s_daso with { Strategy = "ddp", Seed = 2 }, 400, 0, 0.8, 0.8);

        StrategySummary[] strategies = [.. RunSummary.Read(run.Folder.Path).Experiments[0].Strategies];

        Spread ratio = strategies[0].RelativeTraining;
        Assert.Equal((0.5, 0.625, 0.75), (ratio.Minimum, ratio.Median, ratio.Maximum));
        Assert.Equal([300, 1800], strategies[0].Cells.Select(cell => cell.TimeToTargetNs));
        Assert.Equal(1050, strategies[0].TimeToTargetNs.Median);
        Assert.Equal(0.97, strategies[0].FinalQuality.Mean, 12);
        Assert.Equal(Math.Sqrt(2) / 100, strategies[0].FinalQuality.StandardDeviation, 12);
        Assert.Equal([600, null], strategies[1].Cells.Select(cell => cell.TimeToTargetNs));
        Assert.Equal(1, strategies[1].TimeToTargetNs.Count);
    }

    [Fact]
    public void A_run_that_ended_early_gives_what_it_completed()
    {
        using var run = new SyntheticRun(new RecordedCluster(1, 2, "cpu"), SyntheticRun.Plan("daso", "ddp"));
        run.RecordEven(s_daso, 100, 0, 0.95, 0.96);
        CellId failed = s_daso with { Strategy = "ddp" };
        CellId killed = s_daso with { Seed = 2 };
        using (var events = new RunEvents(run.Folder, continues: true))
        {
            events.CellStarted(failed);
            events.Failed("rank 1 failed: no memory", failed, "System.OutOfMemoryException: no memory\n   at Trainer.Step()");
            events.CellStarted(killed);
        }

        // Both ranks of the failed cell wrote their files when they were ended, one of the killed; the kill also cut an event off.
        run.Record(failed, 0, recorder => Step(recorder, 0, 0, 0, 100));
        run.Record(failed, 1, recorder => Step(recorder, 0, 0, 0, 100));
        run.Record(killed, 0, recorder => Step(recorder, 0, 0, 0, 100));
        File.AppendAllText(run.Folder.Events, "{\"utc\":\"2025");

        RunSummary summary = RunSummary.Read(run.Folder.Path);

        Assert.Null(summary.Outcome);
        Assert.Equal(1, Assert.Single(summary.Experiments[0].Strategies[0].Cells).Seed);
        Assert.Empty(summary.Experiments[0].Strategies[1].Cells);
        Assert.Equal(0, summary.Experiments[0].Strategies[0].RelativeTraining.Count);
        Assert.Equal(
            [
                new IncompleteCell(killed, "ended without a word"),
                new IncompleteCell(failed, "rank 1 failed: no memory"),
                new IncompleteCell(failed with { Seed = 2 }, "not started"),
            ],
            summary.Incomplete);
    }

    [Fact]
    public void Strategies_are_told_apart_with_an_interval_and_collections_are_counted()
    {
        using var run = new SyntheticRun(new RecordedCluster(1, 2, "cpu"), SyntheticRun.Plan("daso", "ddp"));
        for (int seed = 1; seed <= 2; seed++)
        {
            run.RecordNoisy(s_daso with { Seed = seed }, steps: 160, stepNs: 900, 0.95, collectionEvery: 40);
            run.RecordNoisy(s_daso with { Strategy = "ddp", Seed = seed }, steps: 160, stepNs: 1000, 0.95);
        }

        StrategySummary[] strategies = [.. RunSummary.Read(run.Folder.Path).Experiments[0].Strategies];

        PairedRatio ratio = strategies[0].Ratio!;
        Assert.InRange(ratio.Estimate, 0.87, 0.93);
        Assert.InRange(ratio.Low, 0.6, ratio.Estimate);
        Assert.InRange(ratio.High, ratio.Estimate, 1.2);
        Assert.Equal((2, 40, IntervalScope.Seeds), (ratio.Units, ratio.Blocks, ratio.Scope));
        Assert.Null(strategies[1].Ratio);
        Assert.Equal(strategies[0].Breakdown.StepNs / 2, strategies[0].Breakdown.ForwardNs, 1.0);
        // Both ranks of the process saw the same four collections of each training.
        Assert.Equal(new Collections(8, 0, 0), strategies[0].Collections);
        Assert.False(strategies[0].FasterThanPlausible);
        Assert.True(strategies[0].StepNs.P90 < strategies[0].StepNs.P95 && strategies[0].StepNs.P95 < strategies[0].StepNs.P99);
    }

    [Fact]
    public void A_damaged_file_is_named()
    {
        using var run = new SyntheticRun(new RecordedCluster(1, 1, "cpu"), SyntheticRun.Plan("ddp") with { Seeds = [1] });
        CellId cell = s_daso with { Strategy = "ddp" };
        run.RecordEven(cell, 100, 0, 0.5);
        File.WriteAllText(run.Folder.Timings(cell, 0), "not Parquet");

        UserErrorException error = Assert.Throws<UserErrorException>(() => RunSummary.Read(run.Folder.Path));

        Assert.StartsWith(run.Folder.Timings(cell, 0), error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public void A_damaged_file_that_is_removed_leaves_its_cell_out()
    {
        using var run = new SyntheticRun(new RecordedCluster(1, 2, "cpu"), SyntheticRun.Plan("ddp"));
        CellId cell = s_daso with { Strategy = "ddp" };
        run.RecordEven(cell, 100, 0, 0.5);
        run.RecordEven(cell with { Seed = 2 }, 100, 0, 0.5);
        File.Delete(run.Folder.Timings(cell, 1));
        File.Delete(run.Folder.Metrics(cell with { Seed = 2 }, 0));

        RunSummary summary = RunSummary.Read(run.Folder.Path);

        Assert.Empty(summary.Experiments[0].Strategies[0].Cells);
        Assert.Equal([cell, cell with { Seed = 2 }], summary.Incomplete.Select(one => one.Cell));
        Assert.All(summary.Incomplete, one => Assert.Equal("a file of its records is not there", one.Reason));
    }

    [Theory]
    [InlineData("ddp", 2, 0)]
    [InlineData("daso", 1, 0)]
    [InlineData("ddp", 1, 1)]
    public void The_records_of_another_cell_or_rank_are_refused(string strategy, int seed, int rank)
    {
        using var run = new SyntheticRun(new RecordedCluster(1, 2, "cpu"), SyntheticRun.Plan("daso", "ddp"));
        CellId cell = s_daso with { Strategy = "ddp" }, other = new("resnet-digits", strategy, seed);
        run.RecordEven(cell, 100, 0, 0.5);
        if (other != cell)
            run.RecordEven(other, 100, 0, 0.5);
        File.Copy(run.Folder.Metrics(other, rank), run.Folder.Metrics(cell, 0), overwrite: true);

        UserErrorException error = Assert.Throws<UserErrorException>(() => RunSummary.Read(run.Folder.Path));

        Assert.StartsWith(
            $"{run.Folder.Metrics(cell, 0)}: holds resnet-digits, {strategy}, seed {seed}, rank {rank};", error.Message, StringComparison.Ordinal);
    }

    private static void Step(CellRecorder recorder, int epoch, int step, long startNs, long endNs)
    {
        recorder.MoveTo(epoch, step);
        recorder.Span(SpanKind.LocalSync, startNs, 5);
        recorder.Span(SpanKind.GlobalWait, startNs + 5, 10, bytes: 500);
        recorder.Span(SpanKind.Step, startNs, endNs - startNs);
        recorder.Metric(MetricNames.Items, 32);
        recorder.EndStep();
    }
}
