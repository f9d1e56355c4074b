using CsCheck;
using Daso.Gpu;
using Daso.Recording;

namespace Daso.Tests.Gpu;

public class StepTimerTests
{
    [Fact]
    public void A_span_takes_what_the_device_takes_and_the_host_does_not_wait()
    {
        var gpu = new FakeGpu(new Random(1)) { RunsWhenAsked = true };
        var kept = new Kept();
        using var marks = new StreamMarks(gpu, count: 64);
        var timer = new StepTimer(kept, marks);
        timer.MoveTo(0, 0); // an epoch's first mark is waited for
        gpu.RunsWhenAsked = false;
        SpanMark start = timer.Mark();
        gpu.Compute(300);
        SpanMark forward = timer.End(SpanKind.Forward, start);
        gpu.Compute(500);
        timer.End(SpanKind.Backward, forward, bytes: 8, new OperationKey(3, 5));
        timer.End(SpanKind.Step, start);
        timer.Metric("items", 4);
        timer.EndStep();
        timer.MoveTo(0, 1);
        timer.Metric("items", 6);
        Assert.Equal(["at 0 0"], kept.Lines);

        gpu.RunAll();
        timer.EndStep();
        Assert.Equal(
            [
                "at 0 0", "Forward 0+300", "Backward 300+500 8 bytes of 3.5", "Step 0+800", "items 4", "end", "at 0 1", "items 6", "end",
            ],
            kept.Lines);
    }

    /// <summary>Whatever the device has done by when, the same is recorded as by a host that waits for it at every mark.</summary>
    [Fact]
    public void What_is_recorded_does_not_depend_on_how_far_the_host_is_ahead() =>
        Gen.Select(Gen.Int, Gen.Int[0, 90].Array[1, 60]).Sample((seed, durations) =>
            Assert.Equal(Record(durations, new Random(seed), waits: true), Record(durations, new Random(seed), waits: false)));

    [Fact]
    public void A_host_far_ahead_waits_for_the_oldest_marks()
    {
        var gpu = new FakeGpu(new Random(1)) { RunsWhenAsked = true };
        var kept = new Kept();
        using var marks = new StreamMarks(gpu, count: 8);
        var timer = new StepTimer(kept, marks);
        timer.MoveTo(0, 0);
        for (int i = 0; i < 100; i++)
        {
            SpanMark start = timer.Mark();
            gpu.Compute(i);
            timer.End(SpanKind.Forward, start);
        }

        timer.Flush();
        Assert.Equal(100, kept.Lines.Count(line => line.StartsWith("Forward", StringComparison.Ordinal)));
        Assert.EndsWith("+99", kept.Lines[^1], StringComparison.Ordinal);
        gpu.RunAll();
    }

    [Fact]
    public void On_the_host_a_span_is_recorded_when_it_ends()
    {
        var kept = new Kept { NowNs = 7 };
        var timer = new StepTimer(kept);
        timer.MoveTo(2, 9);
        SpanMark start = timer.Mark();
        kept.NowNs = 12;
        SpanMark end = timer.End(SpanKind.Data, start);
        kept.NowNs = 20;
        timer.End(SpanKind.LocalSync, end, bytes: 0, new OperationKey(1, 0));
        timer.EndStep();
        Assert.Equal(["at 2 9", "Data 7+5", "LocalSync 12+8 0 bytes of 1.0", "end"], kept.Lines);
    }

    private static List<string> Record(int[] durations, Random random, bool waits)
    {
        var gpu = new FakeGpu(random) { RunsWhenAsked = true };
        var kept = new Kept();
        using var marks = new StreamMarks(gpu, count: 16);
        var timer = new StepTimer(kept, marks);
        for (int step = 0; step < durations.Length; step++)
        {
            timer.MoveTo(step / 10, step);
            SpanMark start = timer.Mark();
            gpu.Compute(durations[step]);
            SpanMark middle = timer.End(SpanKind.Forward, start);
            gpu.Compute(2 * durations[step]);
            timer.End(SpanKind.Optimizer, middle);
            timer.End(SpanKind.Step, start);
            if (waits)
                gpu.RunAll();
            timer.EndStep();
        }

        timer.Flush();
        gpu.RunAll();
        return kept.Lines;
    }

    /// <summary>What is recorded, a line a report. The host's clock stands still unless it is set.</summary>
    private sealed class Kept : IRecorder
    {
        public List<string> Lines { get; } = [];

        public long NowNs { get; set; }

        public void MoveTo(int epoch, int step) => Lines.Add($"at {epoch} {step}");

        public void Span(SpanKind kind, long startNs, long durationNs, long bytes = 0, OperationKey? operation = null) => Lines.Add(
            $"{kind} {startNs}+{durationNs}" + (operation is OperationKey key ? $" {bytes} bytes of {key.Group}.{key.Sequence}" : ""));

        public void Metric(string name, double value) => Lines.Add($"{name} {value}");

        public void EndStep() => Lines.Add("end");
    }
}
