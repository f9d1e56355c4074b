using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Daso.Analysis;
using Daso.Recording;

namespace Daso.Benchmarks;

/// <summary>
/// Writes the records of a long run through the real recorder, closes them and summarises the run, once, in this process: what it takes in
/// time and memory. Two strategies × two seeds on 2 × 2 ranks, each rank on a thread of its own, as in a run.
/// </summary>
internal static class RecordsMeasurement
{
    private const int StepsPerEpoch = 1000;
    private static readonly RecordedCluster s_cluster = new(2, 2, "cpu");

    private static readonly SpanKind[] s_parts =
        [SpanKind.Data, SpanKind.Forward, SpanKind.Backward, SpanKind.LocalSync, SpanKind.GlobalWait, SpanKind.Optimizer];

    /// <param name="stepRecords">Steps of all ranks and cells together; each has 7 spans and 2 metrics.</param>
    internal static void Run(int stepRecords)
    {
        var plan = new PlannedExperiment
        {
            Name = "synthetic",
            Strategies = ["ddp", "daso"],
            Baseline = "ddp",
            Seeds = [1, 2],
            Unit = "images",
        };
        CellId[] cells = [.. plan.Cells()];
        int steps = Math.Max(1, stepRecords / (cells.Length * s_cluster.Ranks()));
        string output = Directory.CreateTempSubdirectory("daso-records-").FullName;
        try
        {
            RunFolder folder = CreateRun(output, plan);
            long start = Stopwatch.GetTimestamp();
            using (var events = new RunEvents(folder))
            {
                foreach (CellId cell in cells)
                {
                    Parallel.For(0, s_cluster.Ranks(), rank => Record(folder, cell, rank, steps));
                    events.CellEnded(cell, "0");
                }
            }

            Usage written = Usage.Now(start);
            RunSummary summary = RunSummary.Read(folder.Path);
            Usage total = Usage.Now(start);
            Report(folder, summary, steps * s_cluster.Ranks() * cells.Length, written, total);
        }
        finally
        {
            Directory.Delete(output, recursive: true);
        }
    }

    private static RunFolder CreateRun(string output, PlannedExperiment plan)
    {
        RunId id = RunId.New("records", new SourceRevision(null, null));
        RunFolder folder = RunFolder.Create(output, id);
        var manifest = new Manifest
        {
            RunId = id.ToString(),
            Suite = id.Suite,
            StartedUtc = id.StartedUtc,
            CommandLine = [],
            Source = id.Source,
            Specification = new JsonObject(),
            Experiments = [plan],
            Cluster = s_cluster,
            Hardware = RecordedHardware.Detect([]),
            Software = new RecordedSoftware("", "", "", new Dictionary<string, string>(), new Dictionary<string, string>()),
        };
        manifest.Write(folder);
        return folder;
    }

    private static void Record(RunFolder folder, CellId cell, int rank, int steps)
    {
        using var recorder = new CellRecorder(folder, cell, rank);
        var random = new Random(rank);
        long nowNs = 0;
        for (int step = 0; step < steps; step++)
        {
            recorder.MoveTo(step / StepsPerEpoch, step);
            long startNs = nowNs;
            foreach (SpanKind part in s_parts)
            {
                long durationNs = random.Next(1_000_000, 20_000_000);
                recorder.Span(part, nowNs, durationNs, part == SpanKind.GlobalWait ? 2_810_000 : 0);
                nowNs += durationNs;
            }

            recorder.Span(SpanKind.Step, startNs, nowNs - startNs);
            recorder.Metric(MetricNames.Items, 32);
            recorder.Metric(MetricNames.AllocatedBytes, 34_800);
            recorder.EndStep();
            if (step % StepsPerEpoch == StepsPerEpoch - 1)
                recorder.Metric(MetricNames.HeldOut("accuracy"), 0.9);
        }

        recorder.Complete();
    }

    private static void Report(RunFolder folder, RunSummary summary, int stepRecords, Usage written, Usage total)
    {
        int summarised = summary.Experiments[0].Strategies.Sum(strategy => strategy.Cells.Sum(cell => cell.Steps)) * s_cluster.Ranks();
        if (summarised != stepRecords)
            throw new InvalidOperationException($"{summarised} of {stepRecords} step records came back");
        double megabytes = Directory.EnumerateFiles(folder.Path, "*", SearchOption.AllDirectories).Sum(file => new FileInfo(file).Length) / 1e6;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{stepRecords} step records with 7 spans and 2 metrics, {megabytes:F0} MB of files:"));
        Console.WriteLine($"written and closed  {written}");
        Console.WriteLine($"and summarised      {total}");
    }

    /// <summary>What this process has used since a moment.</summary>
    private sealed record Usage(TimeSpan Wall, TimeSpan Processor, double PeakMegabytes)
    {
        public static Usage Now(long start)
        {
            TimeSpan wall = Stopwatch.GetElapsedTime(start);
            string peak = File.ReadLines("/proc/self/status").First(line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
            double kibibytes = double.Parse(peak.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture);
            return new Usage(wall, Environment.CpuUsage.TotalTime, kibibytes * 1024 / 1e6);
        }

        public override string ToString() => string.Create(
            CultureInfo.InvariantCulture,
            $"{Wall.TotalSeconds,6:F2} s, {Processor.TotalSeconds,6:F2} s of processor time, peak memory {PeakMegabytes:F0} MB");
    }
}
