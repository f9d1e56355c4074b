using System.Text.Json;
using Daso.Tests.Recording;

namespace Daso.Tests.CommandLine;

public sealed class TraceCommandTests : IDisposable
{
    private const string Scenario =
        """{"nb":3,"epochs":2,"warmup":1,"cooldown":0,"max_gs":4,"lsf":4,"srf":2,"stability":0.05,"dtype":"f16","chunk":50,"losses":[1,1]}""";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(Scenario)]
    [InlineData("""{"steps":[],"scenario":""" + Scenario + "}")]
    public async Task A_scenario_or_a_trace_is_run_and_written(string content)
    {
        string output = Path.Combine(_folder.Path, "trace.json");
        AppRun run = await AppRun.Of("trace", "--scenario", Write(content), "--nodes", "3", "--ranks-per-node", "2", "--out", output);
        Assert.Equal((0, "", ""), (run.ExitCode, run.Output, run.Error));
        using JsonDocument trace = JsonDocument.Parse(File.ReadAllText(output));
        JsonElement root = trace.RootElement;
        Assert.Equal(Scenario, root.GetProperty("scenario").GetRawText());
        Assert.Equal("""["send g0 wait=0 float16","mean of 3","bcast from local 0"]""", root.GetProperty("events")[0][0].GetRawText());
        Assert.Equal("[1,0,4,1,1,0,null,1,0,1]", root.GetProperty("steps")[3].GetRawText());
        Assert.Equal("[0,1,false,4,1,1,1,0]", root.GetProperty("epochs")[0].GetRawText());
        Assert.Equal(6, root.GetProperty("ranks").GetArrayLength());
        Assert.Equal(["0.2", "1.2"], root.GetProperty("vectors").EnumerateObject().Select(vector => vector.Name));
    }

    [Theory]
    [InlineData("[1]", "no scenario object")]
    [InlineData("{}", "the scenario has no nb")]
    [InlineData("""{"nb":0}""", "the scenario's nb is 0; it must be at least 1")]
    [InlineData("""{"nb":"3"}""", "the scenario's nb is \"3\"; it must be an integer")]
    public Task A_wrong_file_is_one_clear_line(string content, string message) => AssertMistake(content, message);

    [Theory]
    [InlineData("\"f16\"", "\"f8\"", "the scenario's dtype is \"f8\"; it must be \"f32\", \"bf16\" or \"f16\"")]
    [InlineData("[1,1]", "[1]", "the scenario's losses is [1]; it must be null or 2 numbers, one an epoch")]
    [InlineData("[1,1]", "[1,null]", "the scenario's losses is [1,null]; it must be null or finite numbers")]
    [InlineData("\"lsf\":4", "\"lsf\":0", "LocalSkipFactor is 0")]
    [InlineData("\"chunk\":50", "\"vectors\":\"some\",\"chunk\":50", "the scenario's vectors is \"some\"")]
    public Task A_wrong_value_is_one_clear_line(string right, string wrong, string message) =>
        AssertMistake(Scenario.Replace(right, wrong, StringComparison.Ordinal), message);

    [Fact]
    public async Task A_folder_that_does_not_exist_is_named()
    {
        AppRun run = await AppRun.Of(
            "trace", "--scenario", Write(Scenario), "--nodes", "1", "--out", Path.Combine(_folder.Path, "no", "trace.json"));
        Assert.Equal((int)ExitCode.Environment, run.ExitCode);
        Assert.StartsWith("error: cannot write", run.Error);
    }

    private async Task AssertMistake(string content, string message)
    {
        string output = Path.Combine(_folder.Path, "trace.json");
        AppRun run = await AppRun.Of("trace", "--scenario", Write(content), "--out", output);
        Assert.Equal(2, run.ExitCode);
        Assert.Contains(message, run.Error);
        Assert.Equal(1, run.Error.Count(c => c == '\n'));
        Assert.False(File.Exists(output));
    }

    private string Write(string content)
    {
        string path = Path.Combine(_folder.Path, "scenario.json");
        File.WriteAllText(path, content);
        return path;
    }
}
