using BenchmarkDotNet.Attributes;
using Daso.Recording;
using Daso.Strategies;
using Perfolizer.Mathematics.OutlierDetection;

namespace Daso.Benchmarks.Micro;

/// <summary>What a step pays for being recorded, seven spans and two metrics, and for DASO's schedule. The limit is one write to a file.</summary>
[InProcess, MemoryDiagnoser, Outliers(OutlierMode.DontRemove)]
public class StepBenchmarks
{
    private const int BytesOfAStep = 400;

    private static readonly SpanKind[] s_spans =
        [SpanKind.Data, SpanKind.Forward, SpanKind.Backward, SpanKind.LocalSync, SpanKind.GlobalWait, SpanKind.Optimizer, SpanKind.Step];

    private readonly DasoSchedule _schedule = new(new DasoSettings { WarmupEpochs = 0, CooldownEpochs = 0 }, 4, 1, int.MaxValue);
    private readonly byte[] _line = new byte[BytesOfAStep];
    private string _output = "";
    private CellRecorder _recorder = null!;
    private FileStream _file = null!;
    private int _step;
    private int _batch;

    [GlobalSetup]
    public void Prepare()
    {
        _output = Directory.CreateTempSubdirectory("daso-micro-").FullName;
        RunFolder folder = RunFolder.Create(_output, RunId.New("micro", new SourceRevision(null, null)));
        _recorder = new CellRecorder(folder, new CellId("micro", "daso", 1), 0);
        _file = new FileStream(Path.Combine(_output, "lines"), FileMode.Create, FileAccess.Write, FileShare.Read, bufferSize: 0);
    }

    [Benchmark(Baseline = true)]
    public void Write() => _file.Write(_line);

    [Benchmark]
    public void Record()
    {
        _recorder.MoveTo(0, _step++);
        long now = _recorder.NowNs;
        foreach (SpanKind span in s_spans)
            _recorder.Span(span, now, 1_000_000);
        _recorder.Metric(MetricNames.Items, 32);
        _recorder.Metric(MetricNames.AllocatedBytes, 12_000);
        _recorder.EndStep();
    }

    [Benchmark]
    public int Schedule() => _schedule.AfterStep(_batch++ & 0xffff).Count;

    [GlobalCleanup]
    public void Dispose()
    {
        _recorder.Complete();
        _recorder.Dispose();
        _file.Dispose();
        Directory.Delete(_output, recursive: true);
    }
}
