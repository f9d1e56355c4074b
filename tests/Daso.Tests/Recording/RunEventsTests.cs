using System.Text.Json.Nodes;
using Daso.Recording;

namespace Daso.Tests.Recording;

public class RunEventsTests
{
    private static readonly CellId s_cell = new("resnet-digits", "daso", 7);

    [Fact]
    public void Each_event_is_a_line_as_soon_as_it_is_told()
    {
        using var run = new SyntheticRun(new RecordedCluster(1, 1, "cpu"));
        using var events = new RunEvents(run.Folder);
        events.RunStarted();
        events.CellStarted(s_cell);
        events.EpochEnded(s_cell, 0, [(MetricNames.TrainLoss, 0.25), (MetricNames.HeldOut("accuracy"), double.NaN)]);
        events.CellEnded(s_cell, "ab12");
        events.Failed("rank 1 failed: no memory", s_cell);
        events.Cancelled();
        events.RunEnded(RunOutcome.Failed);

        JsonObject[] lines = [.. CellRecorderTests.ReadLinesOfOpenFile(run.Folder.Events).Select(line => JsonNode.Parse(line)!.AsObject())];
        Assert.Equal(
            ["run_started", "cell_started", "epoch_ended", "cell_ended", "failed", "cancelled", "run_ended"],
            lines.Select(line => (string)line["event"]!));
        Assert.Equal(7, (int)lines[1]["seed"]!);
        Assert.Equal(0.25, (double)lines[2][MetricNames.TrainLoss]!);
        Assert.Equal("NaN", (string)lines[2][MetricNames.HeldOut("accuracy")]!);
        Assert.Equal("ab12", (string)lines[3]["parameters_sha256"]!);
        Assert.Equal("rank 1 failed: no memory", (string)lines[4]["message"]!);
        Assert.Equal("Failed", (string)lines[6]["outcome"]!);
        Assert.All(lines, line => Assert.EndsWith("Z", (string)line["utc"]!, StringComparison.Ordinal));
    }

    [Fact]
    public void A_line_that_no_run_writes_is_named()
    {
        using var run = new SyntheticRun(new RecordedCluster(1, 1, "cpu"));
        File.WriteAllText(run.Folder.Events, "{\"event\":\"run_started\"}\n{\"x\":1}\n{\"cut");

        UserErrorException mistake = Assert.Throws<UserErrorException>(() => RunEvents.ReadEnded(run.Folder, ranks: 1));

        Assert.Equal($"{run.Folder.Events}, line 2: no line that a run writes; restore the file", mistake.Message);
    }

    [Fact]
    public void Threads_never_mix_their_lines()
    {
        using var run = new SyntheticRun(new RecordedCluster(1, 1, "cpu"));
        using var events = new RunEvents(run.Folder);

        Parallel.For(0, 200, epoch => events.EpochEnded(s_cell, epoch, [(MetricNames.TrainLoss, epoch)]));

        int[] epochs = [.. CellRecorderTests.ReadLinesOfOpenFile(run.Folder.Events).Select(line => (int)JsonNode.Parse(line)!["epoch"]!)];
        Assert.Equal(Enumerable.Range(0, 200), epochs.Order());
    }
}
