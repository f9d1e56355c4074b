using Daso.Recording;
using Daso.Tests.Recording;
using Daso.Timing;

namespace Daso.Tests.Reporting;

/// <summary>
/// A run of two nodes with two ranks, ddp and daso, two seeds: two epochs of six steps, whose spans and qualities are made up and even.
/// </summary>
internal sealed class ReportExample : IDisposable
{
    public const int Steps = 12;

    private const int StepsPerEpoch = 6;

    private readonly SyntheticRun _run;

    /// <param name="nodes">Of two ranks each.</param>
    /// <param name="bitsPerSecond">Of the link.</param>
    /// <param name="name">Of the experiment.</param>
    public ReportExample(int nodes = 2, double bitsPerSecond = 1e9, string name = "digits_100% <&>")
    {
        PlannedExperiment plan = SyntheticRun.Plan("ddp", "daso") with
        {
            Name = name,
            Link = new RecordedLink(bitsPerSecond, 50_000),
            TrainSamples = 96,
            HeldOutSamples = 40,
        };
        _run = new SyntheticRun(new RecordedCluster(nodes, 2, "cpu"), plan);
        foreach (CellId cell in plan.Cells())
            Record(cell);
    }

    public RunFolder Folder => _run.Folder;

    public Manifest Manifest => _run.Manifest;

    /// <summary>A step of a strategy with a seed.</summary>
    public static long StepNs(string strategy, int seed) => (strategy == "ddp" ? 100_000_000 : 60_000_000) + (seed * 1_000_000);

    public void Dispose() => _run.Dispose();

    private void Record(CellId cell)
    {
        using (var events = new RunEvents(Folder, continues: File.Exists(Folder.Events)))
            events.CellStarted(cell);
        for (int rank = 0; rank < Manifest.Cluster.Ranks(); rank++)
        {
            int own = rank;
            _run.Record(cell, rank, recorder => Record(recorder, StepNs(cell.Strategy, cell.Seed), own));
        }

        _run.End(cell);
    }

    private static void Record(CellRecorder recorder, long stepNs, int rank)
    {
        long startNs = ProcessClock.NowNs;
        for (int step = 0; step < Steps; step++)
        {
            int epoch = step / StepsPerEpoch;
            recorder.MoveTo(epoch, step);
            // Odd ranks compute longer and wait less.
            long computeNs = stepNs * (rank % 2 == 0 ? 6 : 7) / 10;
            recorder.Span(SpanKind.Forward, startNs, computeNs / 3);
            recorder.Span(SpanKind.Backward, startNs + (computeNs / 3), computeNs * 2 / 3);
            recorder.Span(SpanKind.GlobalWait, startNs + computeNs, stepNs - computeNs, bytes: 1000);
            recorder.Span(SpanKind.Step, startNs, stepNs);
            recorder.Metric(MetricNames.Items, 16);
            recorder.EndStep();
            startNs += stepNs;
            if (step % StepsPerEpoch != StepsPerEpoch - 1)
                continue;
            recorder.Span(SpanKind.Evaluation, startNs, 5_000_000);
            startNs += 5_000_000;
            if (rank != 0)
                continue;
            recorder.Metric(MetricNames.TrainLoss, 2.0 - epoch);
            recorder.Metric(MetricNames.HeldOut("loss"), 2.1 - epoch);
            recorder.Metric(MetricNames.HeldOut("accuracy"), 0.8 + (epoch * 0.15));
        }
    }
}
