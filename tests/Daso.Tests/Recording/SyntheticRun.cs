using System.Text.Json.Nodes;
using Daso.Recording;
using Daso.Specification;

namespace Daso.Tests.Recording;

/// <summary>A run whose records are written by the real recorder with made-up times.</summary>
internal sealed class SyntheticRun : IDisposable
{
    private readonly TemporaryFolder _output = new();

    public SyntheticRun(RecordedCluster cluster, params PlannedExperiment[] experiments)
    {
        RunId id = RunId.New("quickstart", new SourceRevision("2ac0f74d00d", true));
        Folder = RunFolder.Create(_output.Path, id);
        Manifest = new Manifest
        {
            RunId = id.ToString(),
            Suite = "quickstart",
            StartedUtc = id.StartedUtc,
            CommandLine = ["suite", "quickstart"],
            Source = id.Source,
            Specification = new JsonObject { ["suite"] = "quickstart", ["rate"] = 0.1 },
            Experiments = experiments,
            Cluster = cluster,
            Hardware = RecordedHardware.Detect([]),
            Software = RecordedSoftware.Detect(),
        };
        Manifest.Write(Folder);
    }

    public RunFolder Folder { get; }

    public Manifest Manifest { get; }

    public void Record(CellId cell, int rank, Action<CellRecorder> record)
    {
        using var recorder = new CellRecorder(Folder, cell, rank);
        record(recorder);
        recorder.Complete();
    }

    /// <summary>Notes in the run's log that a cell is trained.</summary>
    public void End(CellId cell)
    {
        using var events = new RunEvents(Folder, continues: File.Exists(Folder.Events));
        events.CellEnded(cell, "0");
    }

    /// <summary>All ranks of a cell: two epochs of three equal steps, each with 3 % local and 20 % global waiting and 64 items.</summary>
    /// <param name="cell">The cell.</param>
    /// <param name="stepNs">Duration of a step.</param>
    /// <param name="bytes">Sent by each rank in each step.</param>
    /// <param name="accuracies">Measured after each of the epochs.</param>
    public void RecordEven(CellId cell, long stepNs, long bytes, params double[] accuracies)
    {
        for (int rank = 0; rank < Manifest.Cluster.Ranks(); rank++)
            Record(cell, rank, recorder => RecordEven(recorder, stepNs, bytes, accuracies));
        End(cell);
    }

    /// <summary>All ranks of a cell: one epoch of steps of 80 to 120 % of a duration, and an accuracy after it.</summary>
    /// <param name="cell">The cell.</param>
    /// <param name="steps">How many.</param>
    /// <param name="stepNs">Mean duration of a step.</param>
    /// <param name="accuracy">After the epoch.</param>
    /// <param name="collectionEvery">Steps from one collection of generation 0 to the next; null: none.</param>
    public void RecordNoisy(CellId cell, int steps, long stepNs, double accuracy, int? collectionEvery = null)
    {
        for (int rank = 0; rank < Manifest.Cluster.Ranks(); rank++)
        {
            var random = new Random(cell.Seed + (cell.Strategy.Length * 100));
            Record(cell, rank, recorder =>
            {
                for ((int step, long startNs) = (0, 0); step < steps; step++)
                {
                    recorder.MoveTo(0, step);
                    long durationNs = (long)(stepNs * (0.8 + (0.4 * random.NextDouble())));
                    recorder.Span(SpanKind.Forward, startNs, durationNs / 2);
                    recorder.Span(SpanKind.Step, startNs, durationNs);
                    recorder.Metric(MetricNames.Items, 64);
                    if (step % collectionEvery == 0)
                        recorder.Metric(MetricNames.Gen0Collections, 1);
                    startNs += durationNs;
                }

                recorder.Metric(MetricNames.HeldOut("accuracy"), accuracy);
            });
        }

        End(cell);
    }

    public static PlannedExperiment Plan(params string[] strategies) => new()
    {
        Name = "resnet-digits",
        Strategies = strategies,
        Baseline = "ddp",
        Seeds = [1, 2],
        Unit = "images",
        Target = new TargetQuality("accuracy", TargetDirection.AtLeast, 0.9),
        Link = new RecordedLink(1e9, 50_000),
    };

    public void Dispose() => _output.Dispose();

    private static void RecordEven(CellRecorder recorder, long stepNs, long bytes, double[] accuracies)
    {
        const int StepsPerEpoch = 3;
        for (int step = 0; step < accuracies.Length * StepsPerEpoch; step++)
        {
            recorder.MoveTo(step / StepsPerEpoch, step);
            long startNs = step * stepNs;
            recorder.Span(SpanKind.LocalSync, startNs, stepNs * 3 / 100);
            recorder.Span(SpanKind.GlobalWait, startNs + (stepNs / 2), stepNs / 5, bytes);
            recorder.Span(SpanKind.Step, startNs, stepNs);
            recorder.Metric(MetricNames.Items, 64);
            recorder.Metric(MetricNames.AllocatedBytes, 15_200);
            recorder.EndStep();
            if (step % StepsPerEpoch == StepsPerEpoch - 1)
                recorder.Metric(MetricNames.HeldOut("accuracy"), accuracies[step / StepsPerEpoch]);
        }
    }
}
