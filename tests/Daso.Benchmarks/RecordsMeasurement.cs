using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Daso.Analysis;
using Daso.Recording;

namespace Daso.Benchmarks;

/// <summary>A run whose records are made up.</summary>
/// <param name="Cluster">Its ranks.</param>
/// <param name="Seeds">Of both strategies.</param>
/// <param name="StepsPerEpoch">Steps of an epoch.</param>
/// <param name="Steps">Steps of a training.</param>
internal sealed record RecordsShape(RecordedCluster Cluster, int Seeds, int StepsPerEpoch, int Steps)
{
    /// <summary>Few ranks, long trainings.</summary>
    /// <param name="stepRecords">Steps of all ranks and cells together.</param>
    public static RecordsShape Long(int stepRecords) => new(new RecordedCluster(2, 2, "cpu"), 2, 1000, Math.Max(1, stepRecords / 16));

    /// <summary>ImageNet on 64 nodes with 4 GPUs, 64 images each: 78 steps an epoch, 90 epochs.</summary>
    public static RecordsShape Wide { get; } = new(new RecordedCluster(64, 4, "cuda"), 1, 78, 90 * 78);
}

/// <summary>
/// Writes the records of a run through the real recorder, closes them and summarises the run, once, in this process: what it takes in
/// time and memory. Two strategies, each rank's records by one thread, as in a run.
/// </summary>
internal static class RecordsMeasurement
{
    private static readonly SpanKind[] s_computing = [SpanKind.Data, SpanKind.Forward, SpanKind.Backward];

    /// <summary>Writes the records and measures their summary.</summary>
    internal static void Run(RecordsShape shape)
    {
        string output = Directory.CreateTempSubdirectory("daso-records-").FullName;
        try
        {
            long start = Stopwatch.GetTimestamp();
            string run = Write(shape, output);
            Usage written = Usage.Now(start);
            start = Stopwatch.GetTimestamp();
            RunSummary summary = RunSummary.Read(run);
            Report(shape, run, summary, written, Usage.Now(start));
        }
        finally
        {
            Directory.Delete(output, recursive: true);
        }
    }

    /// <summary>Writes the records of a run.</summary>
    /// <returns>Its folder.</returns>
    internal static string Write(RecordsShape shape, string output)
    {
        var plan = new PlannedExperiment
        {
            Name = "synthetic",
            Strategies = ["ddp", "daso"],
            Baseline = "ddp",
            Seeds = [.. Enumerable.Range(1, shape.Seeds)],
            Unit = "images",
        };
        RunFolder folder = CreateRun(shape, output, plan);
        using var events = new RunEvents(folder);
        foreach (CellId cell in plan.Cells())
        {
            events.CellStarted(cell);
            Parallel.For(
                0,
                shape.Cluster.Ranks(),
                new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount },
                rank => Record(folder, cell, rank, shape));
            events.CellEnded(cell, "0");
        }

        return folder.Path;
    }

    private static RunFolder CreateRun(RecordsShape shape, string output, PlannedExperiment plan)
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
            Cluster = shape.Cluster,
            Hardware = RecordedHardware.Detect([]),
            Software = new RecordedSoftware("", "", "", new Dictionary<string, string>(), new Dictionary<string, string>()),
        };
        manifest.Write(folder);
        return folder;
    }

    private static void Record(RunFolder folder, CellId cell, int rank, RecordsShape shape)
    {
        using (var recorder = new CellRecorder(folder, cell, rank))
        {
            var random = new Random((cell.Seed * 1000) + rank);
            long nowNs = 0;
            for (int step = 0; step < shape.Steps; step++)
            {
                recorder.MoveTo(step / shape.StepsPerEpoch, step);
                long startNs = nowNs;
                foreach (SpanKind part in s_computing)
                    Span(part);
                Span(SpanKind.LocalSync);
                if (cell.Strategy == "ddp" || step % 4 == 0)
                    Span(SpanKind.GlobalWait, 2_810_000);
                Span(SpanKind.Optimizer);
                recorder.Span(SpanKind.Step, startNs, nowNs - startNs);
                recorder.Metric(MetricNames.Items, 64);
                recorder.Metric(MetricNames.AllocatedBytes, 34_800);
                recorder.EndStep();
                if (rank == 0 && step % shape.StepsPerEpoch == shape.StepsPerEpoch - 1)
                    recorder.Metric(MetricNames.HeldOut("accuracy"), 0.9);
            }

            recorder.Complete();

            void Span(SpanKind kind, long bytes = 0)
            {
                long durationNs = random.Next(1_000_000, 20_000_000);
                recorder.Span(kind, nowNs, durationNs, bytes);
                nowNs += durationNs;
            }
        }

        // What a kill would need; a gigabyte for the wide run.
        File.Delete(folder.StepEvents(cell, rank));
    }

    private static void Report(RecordsShape shape, string run, RunSummary summary, Usage written, Usage summarised)
    {
        int steps = summary.Experiments[0].Strategies.Sum(strategy => strategy.Cells.Sum(cell => cell.Steps));
        if (steps != 2 * shape.Seeds * shape.Steps)
            throw new InvalidOperationException($"{steps} of {2 * shape.Seeds * shape.Steps} steps came back");
        double megabytes = Directory.EnumerateFiles(run, "*", SearchOption.AllDirectories).Sum(file => new FileInfo(file).Length) / 1e6;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{shape.Cluster.Ranks()} ranks, {steps * shape.Cluster.Ranks():N0} step records with 6 to 7 spans and 2 metrics, {megabytes:F0} MB of files:"));
        Console.WriteLine($"written and closed  {written}");
        Console.WriteLine($"summarised          {summarised}");
    }

    /// <summary>What this process has used since a moment; the processor's time and the memory since its start.</summary>
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
