using System.Text.Json.Nodes;
using Daso.Recording;
using Daso.Tests.CommandLine;
using Daso.Tests.Recording;

namespace Daso.Tests.Reporting;

/// <summary>A timeline against the Trace Event Format: what its events must have, and that they are what was recorded.</summary>
public sealed class ChromeTraceTests : IDisposable
{
    private static readonly CellId s_daso = new("resnet-digits", "daso", 1);
    private static readonly OperationKey s_exchange = new(3, 7);
    private readonly SyntheticRun _run = new(new RecordedCluster(2, 1, "cpu") { HasRealLinks = true }, SyntheticRun.Plan("daso", "ddp") with { Seeds = [1] });

    public ChromeTraceTests()
    {
        for (int rank = 0; rank < 2; rank++)
        {
            // Processes have clocks of their own.
            long origin = rank * 1_000_000;
            _run.Record(s_daso, rank, recorder =>
            {
                for (int step = 0; step < 4; step++)
                {
                    recorder.MoveTo(step / 2, step);
                    long start = origin + (step * 1000);
                    recorder.Span(SpanKind.Forward, start, 300);
                    recorder.Span(SpanKind.Backward, start + 300, 400);
                    if (step == 1)
                        recorder.Span(SpanKind.GlobalSend, start + 800, 50, 0, s_exchange);
                    if (step == 2)
                        recorder.Span(SpanKind.GlobalWait, start + 700, 100, 4096, s_exchange);
                    recorder.Span(SpanKind.Step, start, 1000);
                    recorder.EndStep();
                }
            });
        }

        _run.End(s_daso);
    }

    [Fact]
    public async Task A_timeline_is_a_chrome_trace_of_what_was_recorded()
    {
        JsonObject[] events = await Trace("--steps", "1..2");

        Assert.All(events, RequireFormat);
        Assert.Equal(2 * (3 + 1 + 3 + 1), events.Count(one => Phase(one) == "X"));
        Assert.Equal([0, 1], events.Select(one => (int)one["pid"]!).Distinct().Order());
        // Both ranks have begun their epoch at one time, whatever their clocks say.
        foreach (IGrouping<int, JsonObject> rank in events.Where(one => Phase(one) == "X").GroupBy(one => (int)one["pid"]!))
        {
            JsonObject[] steps = [.. rank.Where(one => (string)one["name"]! == "step")];
            Assert.Equal([1.0, 2.0], steps.Select(one => (double)one["ts"]!));
            Assert.All(rank, one => Assert.Contains(steps, step => Start(step) <= Start(one) && End(one) <= End(step)));
        }

        JsonObject[] exchange = [.. events.Where(one => (string?)one["cat"] == "exchange" && (int)one["pid"]! == 1)];
        Assert.Equal(["b", "e"], exchange.Select(Phase));
        Assert.Equal([1.8, 2.8], exchange.Select(Start));
        Assert.Single(exchange.Select(one => (string)one["id"]!).Distinct());
        Assert.Equal(4096, (long)exchange[0]["args"]!["bytes"]!);
    }

    [Fact]
    public async Task Steps_are_chosen_by_epoch_too_and_nonsense_is_one_line()
    {
        Assert.Equal([2, 3], (await Trace("--epoch", "1")).Where(one => Phase(one) == "X").Select(one => (int)one["args"]!["step"]!).Distinct());

        AppRun wrong = await Run("--steps", "5..2");
        Assert.Equal((2, "error: --steps 5..2: expected steps from 0, as in 100..120"), (wrong.ExitCode, wrong.Error.Trim()));
        AppRun unknown = await Run("--strategy", "dasso");
        Assert.Equal(2, unknown.ExitCode);
        Assert.Contains("did you mean daso?", unknown.Error, StringComparison.Ordinal);
    }

    public void Dispose() => _run.Dispose();

    /// <summary>The rules of the Trace Event Format for the phases that are used.</summary>
    private static void RequireFormat(JsonObject one)
    {
        Assert.NotNull((string?)one["name"]);
        Assert.True((int)one["pid"]! >= 0 && (int)one["tid"]! >= 0);
        switch (Phase(one))
        {
            case "M":
                Assert.Contains((string)one["name"]!, (string[])["process_name", "thread_name", "process_sort_index"]);
                Assert.NotNull(one["args"]!["name"] ?? one["args"]!["sort_index"]);
                break;
            case "X":
                Assert.True((double)one["ts"]! >= 0 && (double)one["dur"]! >= 0);
                break;
            case "b" or "e":
                Assert.True((double)one["ts"]! >= 0);
                Assert.NotNull((string?)one["id"]);
                Assert.NotNull((string?)one["cat"]);
                break;
            default:
                Assert.Fail($"phase {Phase(one)}");
                break;
        }
    }

    private static string Phase(JsonObject one) => (string)one["ph"]!;

    private static double Start(JsonObject one) => (double)one["ts"]!;

    private static double End(JsonObject one) => Math.Round(Start(one) + (double)one["dur"]!, 6);

    private async Task<JsonObject[]> Trace(params string[] options)
    {
        AppRun done = await Run(options);
        Assert.Equal(0, done.ExitCode);
        JsonNode trace = JsonNode.Parse(await File.ReadAllTextAsync(done.Output.Trim(), TestContext.Current.CancellationToken))!;
        return [.. trace["traceEvents"]!.AsArray().Select(one => one!.AsObject())];
    }

    private Task<AppRun> Run(params string[] options) => AppRun.Of(["timeline", _run.Folder.Path, .. options]);
}
