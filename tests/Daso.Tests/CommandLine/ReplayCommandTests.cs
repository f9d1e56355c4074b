using System.Text.Json.Nodes;
using Daso.Recording;

namespace Daso.Tests.CommandLine;

/// <summary>Replays of small runs by the real command line.</summary>
public sealed class ReplayCommandTests : IDisposable
{
    private readonly Program _program = new();

    [Fact]
    public void A_run_is_repeated_bit_by_bit_and_a_changed_bit_is_found()
    {
        string run = Train();
        (int exitCode, string output, string errors) = _program.Run("replay", run);
        Assert.True(exitCode == 0, output + errors);
        Assert.Contains("compared bit by bit", output);
        Assert.EndsWith("reproduced\n", output);
        string replay = Assert.Single(Directory.GetDirectories(Path.GetDirectoryName(run)!), folder => folder != run);
        Assert.Equal(Path.GetFileName(run), Manifest.Read(Daso.Recording.RunFolder.Open(replay)).Replays);

        string events = Path.Combine(run, "events.jsonl");
        File.WriteAllLines(events, [.. File.ReadLines(events).Select(Spoil)]);
        (exitCode, output, errors) = _program.Run("replay", run);
        Assert.True(exitCode == 3, output + errors);
        Assert.Contains("differs: digits-resnet18, daso, seed 1: other parameters at the end", errors);
        Assert.EndsWith("not reproduced\n", output);

        static string Spoil(string line)
        {
            var json = (JsonObject)JsonNode.Parse(line)!;
            if ((string?)json["event"] == "cell_ended" && (string?)json["strategy"] == "daso")
                json["parameters_sha256"] = new string('0', 64);
            return json.ToJsonString();
        }
    }

    [Fact]
    public void A_run_is_repeated_from_any_folder_in_the_one_that_it_was_started_in()
    {
        string run = Train();
        using var elsewhere = new Program();

        (int exitCode, string output, string errors) = elsewhere.Run("replay", run, "--out", "replayed");

        Assert.True(exitCode == 0, output + errors);
        Assert.Equal(_program.Folder, Manifest.Read(RunFolder.Open(run)).WorkingFolder);
        string replay = Assert.Single(Directory.GetDirectories(Path.Combine(elsewhere.Folder, "replayed")));
        Assert.Equal(_program.Folder, Manifest.Read(RunFolder.Open(replay)).WorkingFolder);
        Assert.DoesNotContain("warning: /", errors);
    }

    [Fact]
    public void Only_what_was_completed_is_repeated_and_on_another_machine_statistics_decide()
    {
        string run = Train();
        string events = Path.Combine(run, "events.jsonl");
        File.WriteAllLines(
            events, [.. File.ReadLines(events).TakeWhile(line => !line.Contains("\"strategy\":\"daso\"", StringComparison.Ordinal))]);
        Change(run, manifest => manifest["hardware"]!["processor"] = "abacus");

        (int exitCode, string output, string errors) = _program.Run("replay", run);

        Assert.True(exitCode == 1, output + errors);
        Assert.Contains("compared by statistics, since there is another processor: abacus", output);
        Assert.Contains("not shown: digits-resnet18, ddp: heldout_accuracy has no interval; it takes two seeds", errors);
        Assert.EndsWith("not shown\n", output);
        string replay = Assert.Single(Directory.GetDirectories(Path.GetDirectoryName(run)!), folder => folder != run);
        Assert.All(Directory.GetFiles(Path.Combine(replay, "timings")), file => Assert.Contains("+ddp+", file));
    }

    [Fact]
    public void Another_specification_is_refused_and_leaves_nothing_behind()
    {
        string run = Train();
        Change(run, manifest => manifest["specification"]!["digits-resnet18"]!["optimizer"]!["momentum"] = 0.5);

        (int exitCode, string output, string errors) = _program.Run("replay", run);

        Assert.Equal(2, exitCode);
        Assert.Empty(output);
        Assert.Contains("they differ in digits-resnet18.optimizer.momentum", errors);
        Assert.Equal(run, _program.RunFolder());
    }

    public void Dispose() => _program.Dispose();

    /// <summary>Trains two cells.</summary>
    private string Train()
    {
        (int exitCode, _, string errors) = _program.Run(
            "suite", "quickstart", "--experiments", "digits-resnet18", "--strategies", "daso", "--steps", "3", "--seeds", "1", "--warmup-steps", "0");
        Assert.True(exitCode == 0, errors);
        return _program.RunFolder();
    }

    private static void Change(string run, Action<JsonNode> change)
    {
        string path = Path.Combine(run, "manifest.json");
        JsonNode manifest = JsonNode.Parse(File.ReadAllText(path))!;
        change(manifest);
        File.WriteAllText(path, manifest.ToJsonString());
    }
}
