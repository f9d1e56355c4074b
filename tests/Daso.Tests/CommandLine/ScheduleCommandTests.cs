using System.Text.Json;
using Daso.Tests.Recording;

namespace Daso.Tests.CommandLine;

public sealed class ScheduleCommandTests : IDisposable
{
    private const string Epoch = """{"event":"epoch_ended","experiment":"digits","strategy":"daso","seed":1,"epoch":0,"train_loss":1}""";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>Every recorded schedule of one setting, through the command line.</summary>
    [Fact]
    public async Task Json_is_the_trace_of_the_references_schedules()
    {
        using JsonDocument golden = JsonDocument.Parse(
            File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Strategies", "golden", "schedules.json")));
        JsonElement one = golden.RootElement.GetProperty("cases").EnumerateArray()
            .First(c => c[0].GetString() == "wavy" && c[1].GetInt32() == 8 && c[2].GetInt32() == 4 && c[3].GetInt32() == 2);
        string losses = Write("losses.json", golden.RootElement.GetProperty("losses").GetProperty("wavy").GetRawText());
        AppRun run = await AppRun.Of(
            "schedule", "--variant", "heat", "--losses", losses, "--max-global-skips", "8", "--local-skip-factor", "4",
            "--skip-reduction-factor", "2", "--warmup", one[4].GetRawText(), "--cooldown", one[5].GetRawText(),
            "--stability", one[6].GetRawText(), "--epochs", one[7].GetRawText(), "--format", "json");
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        using JsonDocument actual = JsonDocument.Parse(run.Output);
        Assert.True(JsonElement.DeepEquals(one[8], actual.RootElement), run.Output);
    }

    [Fact]
    public async Task The_table_tells_phases_plateaus_and_the_next_epochs_skips()
    {
        AppRun run = await AppRun.Of(
            "schedule", "--losses", Write("losses.json", "[2, 1, 1, 1, 1]"), "--warmup", "1", "--cooldown", "1", "--patience", "0");
        Assert.Equal(0, run.ExitCode);
        string[][] rows = [.. run.Output.Split('\n')
            .Where(line => line.Contains("warm-up") || line.Contains("cycling") || line.Contains("cool-down"))
            .Select(line => line.Split('│', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))];
        Assert.Equal(
            [
                ["1", "warm-up", "2", "2", "0", "no", "4", "1", "1"],
                ["2", "cycling", "1", "1", "0", "no", "4", "1", "1"],
                ["3", "cycling", "1", "1", "0", "yes", "2", "1", "1"],
                ["4", "cycling", "1", "1", "0", "–", "0", "0", "0"],
                ["5", "cool-down", "1", "1", "0", "–", "0", "0", "0"],
            ],
            rows);
    }

    [Theory]
    [InlineData("[3, 2, 1]", "2", 2)]
    [InlineData("[3, 2, 1]", "5", 3)]
    public async Task There_is_a_row_for_each_loss_up_to_the_last_epoch(string losses, string epochs, int rows)
    {
        AppRun run = await AppRun.Of("schedule", "--losses", Write("losses.json", losses), "--epochs", epochs, "--format", "json");
        Assert.Equal(rows, JsonDocument.Parse(run.Output).RootElement.GetArrayLength());
    }

    [Fact]
    public async Task A_runs_events_give_the_losses_of_one_cell()
    {
        string other = Epoch.Replace("\"seed\":1", "\"seed\":2", StringComparison.Ordinal);
        string events = Write("events.jsonl", string.Join('\n', """{"event":"run_started"}""", Epoch, Epoch, other, """{"event":"epo"""));
        Write("manifest.json", "{}");
        AppRun run = await AppRun.Of("schedule", "--losses", events, "--cell", "digits+daso+1", "--format", "json");
        Assert.Equal(2, JsonDocument.Parse(run.Output).RootElement.GetArrayLength());
        run = await AppRun.Of("schedule", "--losses", _folder.Path, "--cell", "digits+daso+2", "--format", "json");
        Assert.Equal(1, JsonDocument.Parse(run.Output).RootElement.GetArrayLength());
        run = await AppRun.Of("schedule", "--losses", events);
        Assert.Contains("2 cells; choose one with --cell: digits+daso+1, digits+daso+2", run.Error);
        Assert.Equal(2, run.ExitCode);
    }

    [Theory]
    [InlineData("[]", "no losses")]
    [InlineData("{}", "not an array")]
    [InlineData("[1, NaN]", "not JSON")]
    [InlineData("[1, \"2\"]", "entry 1 is string; it must be a finite number")]
    [InlineData("[1, 1e400]", "entry 1 is 1e400")]
    [InlineData("[1, 1e39]", "entry 1 is 1e39")]
    [InlineData("[1, null]", "entry 1 is null")]
    [InlineData("", "not JSON")]
    public Task A_file_of_no_losses_is_one_clear_line(string content, string message) =>
        AssertMistake(message, "--losses", Write("losses.json", content));

    [Theory]
    [InlineData("no such file", "--losses", "missing.json")]
    [InlineData("no such file", "--losses", "missing.jsonl")]
    [InlineData("--epochs 0", "--losses", "x.json", "--epochs", "0")]
    [InlineData("--losses", "--variant", "heat")]
    public Task Wrong_options_are_one_clear_line(string message, params string[] options) => AssertMistake(message, options);

    [Fact]
    public Task A_setting_out_of_its_range_is_one_clear_line() =>
        AssertMistake("Stability is 1", "--losses", Write("losses.json", "[1]"), "--stability", "1");

    [Fact]
    public Task Events_that_are_none_are_one_clear_line() =>
        AssertMistake("not the events of a run", "--losses", Write("events.jsonl", "[1]"));

    private static async Task AssertMistake(string message, params string[] options)
    {
        AppRun run = await AppRun.Of(["schedule", .. options]);
        Assert.Equal(2, run.ExitCode);
        Assert.Contains(message, run.Error);
        Assert.Equal(1, run.Error.Count(c => c == '\n'));
        Assert.Empty(run.Output);
    }

    private string Write(string name, string content)
    {
        string path = Path.Combine(_folder.Path, name);
        File.WriteAllText(path, content);
        return path;
    }
}
