using System.Text.Json.Nodes;
using Daso.Recording;
using Daso.Timing;
using ParquetSharp;

namespace Daso.Tests.Recording;

public class CellRecorderTests
{
    private static readonly RecordedCluster s_single = new(1, 1, "cpu");
    private static readonly CellId s_cell = new("resnet-digits", "daso", 7);

    [Fact]
    public void Spans_and_metrics_come_back_from_parquet()
    {
        using var run = new SyntheticRun(s_single);
        run.Record(s_cell, 3, recorder =>
        {
            recorder.MoveTo(0, 0);
            recorder.Span(SpanKind.LocalSync, 10, 5);
            recorder.Span(SpanKind.GlobalWait, 20, 6, bytes: 1024, new OperationKey(2, 41));
            recorder.Metric(MetricNames.Items, 32);
            recorder.EndStep();
            recorder.MoveTo(1, 4);
            recorder.Span(SpanKind.Step, 30, 7);
            recorder.Metric(MetricNames.TrainLoss, double.NaN);
        });

        using var timings = new ParquetFileReader(run.Folder.Timings(s_cell, 3));
        Assert.Equal(
            ["run", "experiment", "strategy", "seed", "rank", "epoch", "step", "span", "start_ns", "duration_ns", "bytes", "group", "operation"],
            Enumerable.Range(0, timings.FileMetaData.NumColumns).Select(i => timings.FileMetaData.Schema.Column(i).Name));
        Assert.Equal(Enumerable.Repeat(run.Folder.RunId, 3), timings.Texts("run"));
        Assert.Equal(["resnet-digits", "resnet-digits", "resnet-digits"], timings.Texts("experiment"));
        Assert.Equal(["daso", "daso", "daso"], timings.Texts("strategy"));
        Assert.Equal([7, 7, 7], timings.Numbers<int>("seed"));
        Assert.Equal([3, 3, 3], timings.Numbers<int>("rank"));
        Assert.Equal([0, 0, 1], timings.Numbers<int>("epoch"));
        Assert.Equal([0, 0, 4], timings.Numbers<int>("step"));
        Assert.Equal(["local_sync", "global_wait", "step"], timings.Texts("span"));
        Assert.Equal([10, 20, 30], timings.Numbers<long>("start_ns"));
        Assert.Equal([5, 6, 7], timings.Numbers<long>("duration_ns"));
        Assert.Equal([0, 1024, 0], timings.Numbers<long>("bytes"));
        Assert.Equal([-1, 2, -1], timings.Numbers<long>("group"));
        Assert.Equal([-1, 41, -1], timings.Numbers<long>("operation"));
        Assert.Equal(RecordFormat.Current, timings.Format());

        using var metrics = new ParquetFileReader(run.Folder.Metrics(s_cell, 3));
        Assert.Equal([MetricNames.Items, MetricNames.TrainLoss], metrics.Texts("metric"));
        Assert.Equal([32, double.NaN], metrics.Numbers<double>("value"));
        Assert.Equal([0, 4], metrics.Numbers<int>("step"));
    }

    [Fact]
    public void Texts_are_stored_as_dictionaries()
    {
        using var run = new SyntheticRun(s_single);
        run.Record(s_cell, 0, recorder => recorder.Span(SpanKind.Step, 0, 1));

        using var timings = new ParquetFileReader(run.Folder.Timings(s_cell, 0));
        using RowGroupReader group = timings.RowGroup(0);
        Assert.All(["run", "experiment", "strategy", "span"], column => Assert.Contains(Encoding.RleDictionary, EncodingsOf(column)));
        Assert.DoesNotContain(Encoding.RleDictionary, EncodingsOf("start_ns"));

        Encoding[] EncodingsOf(string column) =>
            group.MetaData.GetColumnChunkMetaData(timings.FileMetaData.Schema.ColumnIndex(column)).Encodings;
    }

    [Fact]
    public void A_killed_rank_leaves_every_ended_step_readable()
    {
        using var run = new SyntheticRun(s_single);
        using var recorder = new CellRecorder(run.Folder, s_cell, 0);
        for (int step = 0; step < 3; step++)
        {
            recorder.MoveTo(0, step);
            recorder.Span(SpanKind.Forward, step * 100, 40);
            recorder.Span(SpanKind.Step, step * 100, 90, bytes: 8, new OperationKey(1, step));
            recorder.Metric(MetricNames.TrainLoss, step == 2 ? double.NaN : 0.5);
            recorder.EndStep();
        }

        recorder.Span(SpanKind.Forward, 300, 40);

        // Read as after a kill: neither completed nor disposed.
        string[] lines = ReadLinesOfOpenFile(run.Folder.StepEvents(s_cell, 0));
        Assert.Equal(
            """{"epoch":0,"step":1,"spans":[["forward",100,40,0],["step",100,90,8,1,1]],"metrics":{"train_loss":0.5}}""", lines[1]);
        Assert.Equal([0, 1, 2], lines.Select(line => (int)JsonNode.Parse(line)!["step"]!));
        Assert.Equal("NaN", (string?)JsonNode.Parse(lines[2])!["metrics"]!["train_loss"]);
        Assert.False(File.Exists(run.Folder.Timings(s_cell, 0)));
    }

    [Fact]
    public void What_comes_after_a_step_keeps_its_position()
    {
        using var run = new SyntheticRun(s_single);
        using var recorder = new CellRecorder(run.Folder, s_cell, 0);
        recorder.MoveTo(0, 9);
        recorder.EndStep();
        recorder.Span(SpanKind.Evaluation, 1, 2);
        recorder.MoveTo(1, 10);
        recorder.Span(SpanKind.Data, 3, 4);
        recorder.EndStep();

        Assert.Equal(
            [
                """{"epoch":0,"step":9,"spans":[["evaluation",1,2,0]],"metrics":{}}""",
                """{"epoch":1,"step":10,"spans":[["data",3,4,0]],"metrics":{}}""",
            ],
            ReadLinesOfOpenFile(run.Folder.StepEvents(s_cell, 0)));
    }

    [Fact]
    public void No_step_allocates_from_the_first_on()
    {
        using var run = new SyntheticRun(s_single);
        using (var compiled = new CellRecorder(run.Folder, new CellId("compiled", "ddp", 1), 0))
            Steps(compiled);
        using var recorder = new CellRecorder(run.Folder, s_cell, 0);

        long before = GC.GetAllocatedBytesForCurrentThread();
        Steps(recorder);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        static void Steps(CellRecorder recorder)
        {
            for (int step = 0; step < 200; step++)
            {
                recorder.MoveTo(0, step);
                for (SpanKind kind = SpanKind.Data; kind <= SpanKind.Step; kind++)
                    recorder.Span(kind, recorder.NowNs, 1, 2);
                recorder.Metric(MetricNames.Items, 32);
                recorder.EndStep();
            }
        }
    }

    [Fact]
    public void A_hundred_thousand_spans_are_written_and_read()
    {
        const int Steps = 10_000;
        using var run = new SyntheticRun(s_single);
        run.Record(s_cell, 0, recorder =>
        {
            for (int step = 0; step < Steps; step++)
            {
                recorder.MoveTo(step / 1000, step);
                for (SpanKind kind = SpanKind.Data; kind <= SpanKind.Step; kind++)
                    recorder.Span(kind, (step * 1000L) + (int)kind, step);
                recorder.EndStep();
            }
        });

        using var timings = new ParquetFileReader(run.Folder.Timings(s_cell, 0));
        long[] durations = timings.Numbers<long>("duration_ns");
        Assert.Equal(Steps * 10, durations.Length);
        Assert.Equal(Enumerable.Range(0, Steps * 10).Select(i => i / 10L), durations);
        Assert.Equal("evaluation", timings.Texts("span")[^2]);
    }

    [Fact]
    public void A_file_that_cannot_be_written_is_named()
    {
        using var run = new SyntheticRun(s_single);
        using var recorder = new CellRecorder(run.Folder, s_cell, 0);

        UserErrorException twice = Assert.Throws<UserErrorException>(() => new CellRecorder(run.Folder, s_cell, 0));
        Assert.Equal(ExitCode.Environment, twice.ExitCode);
        Assert.Contains(run.Folder.StepEvents(s_cell, 0), twice.Message, StringComparison.Ordinal);

        Directory.Delete(Path.GetDirectoryName(run.Folder.Timings(s_cell, 0))!);
        UserErrorException gone = Assert.Throws<UserErrorException>(recorder.Complete);
        Assert.Equal(ExitCode.Environment, gone.ExitCode);
        Assert.StartsWith($"cannot write {run.Folder.Timings(s_cell, 0)}: ", gone.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("No space left on device : '/x/y'", "No space left on device")]
    [InlineData("N7parquet22ParquetStatusExceptionE (message: 'IOError: no space')", "IOError: no space")]
    [InlineData("Access to the path is denied.", "Access to the path is denied")]
    public void The_reason_of_a_failure_is_plain(string message, string expected) =>
        Assert.Equal(expected, FileFailure.Reason(new IOException(message)));

    [Fact]
    public void The_null_recorder_has_the_same_clock()
    {
        long before = ProcessClock.NowNs;
        Thread.Sleep(2);
        long passed = NullRecorder.Instance.NowNs - before;
        Assert.InRange(passed, 2_000_000, 10_000_000_000);
    }

    internal static string[] ReadLinesOfOpenFile(string path)
    {
        using var reader = new StreamReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        return reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
