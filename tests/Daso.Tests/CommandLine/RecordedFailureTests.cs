using System.Text.Json.Nodes;
using Daso.Recording;
using Daso.Tests.Recording;

namespace Daso.Tests.CommandLine;

/// <summary>What commands say of a run with a training that failed, whose record, as those of older programs, has a stack.</summary>
public sealed class RecordedFailureTests : IDisposable
{
    private const string Reason = "rank 1 failed: no memory";

    private readonly SyntheticRun _run = new(new RecordedCluster(1, 2, "cpu"), SyntheticRun.Plan("daso", "ddp"));
    private readonly TemporaryFolder _output = new();

    public RecordedFailureTests()
    {
        CellId[] cells = [.. _run.Manifest.Experiments[0].Cells()];
        foreach (CellId cell in cells[..^1])
            _run.RecordEven(cell, 1000, 0, 0.9);
        string stack = $"Daso.Communication.ClusterFailedException: {Reason}\n ---> System.OutOfMemoryException: no memory\n   at Daso.Trainer.Step()\n"
            + "   --- End of inner exception stack trace ---\n   at Daso.Cluster.EmbeddedCluster.Run()";
        var failed = new JsonObject
        {
            ["event"] = "failed",
            ["experiment"] = cells[^1].Experiment,
            ["strategy"] = cells[^1].Strategy,
            ["seed"] = cells[^1].Seed,
            ["message"] = stack,
        };
        File.AppendAllText(_run.Folder.Events, failed.ToJsonString() + "\n");
    }

    [Theory]
    [InlineData("report")]
    [InlineData("report", "--mlperf-log")]
    [InlineData("compare")]
    [InlineData("compare", "--format", "json")]
    [InlineData("check", "--update", "--against", "unused.json")]
    public async Task Is_its_reason_without_a_stack(string command, params string[] options)
    {
        string[] runs = command == "compare" ? [_run.Folder.Path, _run.Folder.Path] : [_run.Folder.Path];
        string[] output = command == "report" ? ["--out", Path.Combine(_output.Path, "page")] : [];
        AppRun said = await AppRun.Of([command, .. runs, .. options, .. output]);

        string all = said.Output + said.Error + string.Concat(Directory.GetFiles(_output.Path, "*", SearchOption.AllDirectories)
            .Where(file => Path.GetExtension(file) is not (".ttf" or ".png" or ".pdf")).Select(File.ReadAllText));
        Assert.Contains(Reason, all, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", all, StringComparison.Ordinal);
        Assert.DoesNotContain("Exception", all, StringComparison.Ordinal);
    }

    public void Dispose()
    {
        _run.Dispose();
        _output.Dispose();
    }
}
