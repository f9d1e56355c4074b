using System.Text.Json.Nodes;
using Daso.Analysis;
using Daso.Recording;
using ParquetSharp;

namespace Daso.Tests.Recording;

/// <summary>A run whose files were written by a program that wrote format 1: 4 steps of DDP and of DASO on 2 × 2 ranks.</summary>
public class OldRunTests
{
    private static readonly string s_folder = Path.Combine(AppContext.BaseDirectory, "Recording", "golden", "run-of-format-1");
    private static readonly CellId s_daso = new("digits-resnet18", "daso", 1);

    /// <summary>The program that wrote them also wrote what it made of them.</summary>
    [Fact]
    public void Its_numbers_are_those_of_the_program_that_wrote_it()
    {
        JsonNode then = JsonNode.Parse(File.ReadAllText(Path.Combine(s_folder, "summary.json")))!["experiments"]![0]!["strategies"]!;
        JsonNode now = JsonNode.Parse(RunSummary.Read(s_folder).ToJson())!["experiments"]![0]!["strategies"]!;
        foreach (int strategy in new[] { 0, 1 })
        {
            Assert.All(
                ["strategy", "stepNs", "bytesPerNodeStep", "finalQuality", "localWaitShare", "globalWaitShare"],
                part => Assert.Equal(then[strategy]![part]!.ToJsonString(), now[strategy]![part]!.ToJsonString()));
            Assert.All(
                then[strategy]!["breakdown"]!.AsObject(),
                part => Assert.Equal((double)part.Value!, (double)now[strategy]!["breakdown"]![part.Key]!, 3));
        }
    }

    [Fact]
    public void Its_log_of_steps_can_be_gone_on_with()
    {
        using var copy = new TemporaryFolder();
        foreach (string file in Directory.GetFiles(s_folder, "*", SearchOption.AllDirectories))
        {
            string target = Path.Combine(copy.Path, Path.GetRelativePath(s_folder, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }

        RunFolder folder = RunFolder.Open(copy.Path);
        using (CellRecorder recorder = CellRecorder.Continue(folder, s_daso, rank: 0, step: 3, new CellClock()))
        {
            recorder.MoveTo(0, 3);
            recorder.Span(SpanKind.GlobalWait, 1, 2, 3, new OperationKey(4, 5));
            recorder.Complete();
        }

        RankSpans spans = RankSpans.Read(folder, s_daso, 0);
        Assert.Null(spans.Operations[0]);
        Assert.Equal(new OperationKey(4, 5), spans.Operations[^1]);
    }

    [Fact]
    public void Its_files_say_no_version_and_no_operations()
    {
        RunFolder folder = RunFolder.Open(s_folder);
        Assert.Equal(1, Manifest.Read(folder).Format);
        using var timings = new ParquetFileReader(folder.Timings(s_daso, 0));
        Assert.Equal(1, timings.Format());
        Assert.All(RankSpans.Read(folder, s_daso, 0).Operations, Assert.Null);
    }

    [Fact]
    public void A_later_version_is_refused() => Assert.Equal(
        "manifest.json: of format 3; this program reads 1 to 2: read it with the program that wrote it",
        Assert.Throws<UserErrorException>(() => RecordFormat.RequireReadable("manifest.json", 3)).Message);
}
