using System.Text.Json;
using Daso.Prediction;
using Daso.Tests.CommandLine;

namespace Daso.Tests.Prediction;

public class PredictCommandTests
{
    private const string Booster = """
        {
          "name": "booster", "nodes": 4, "ranksPerNode": 4, "cardsPerNode": 4,
          "intraNode": { "latencyNs": 950, "bytesPerSecond": 93.5e9 },
          "interNode": { "latencyNs": 2200, "bytesPerSecond": 24.5e9 },
          "jitterPerStep": 0.01
        }
        """;

    [Fact]
    public async Task ADescribedSystemGivesATable()
    {
        string file = Written(Booster);

        AppRun run = await AppRun.Of(
            "predict", "--system", file, "--model", "resnet50", "--compute", "94", "--nodes", "8",
            "--strategies", "horovod", "daso", "none");

        Assert.Equal("", run.Error);
        Assert.Equal(0, run.ExitCode);
        Assert.Contains("resnet50 on booster: 8 × 4 ranks", run.Output, StringComparison.Ordinal);
        Assert.Contains("vs horovod", run.Output, StringComparison.Ordinal);
        Assert.Contains("│ daso", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TheTableIsThereAsJson()
    {
        AppRun run = await AppRun.Of(
            "predict", "--system", Written(Booster), "--compute", "94", "--strategies", "ddp", "none", "--format", "json");

        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        using JsonDocument json = JsonDocument.Parse(run.Output);
        JsonElement workload = Assert.Single(json.RootElement.EnumerateArray());
        Assert.Equal(("resnet50", 4), (workload.GetProperty("workload").GetString(), workload.GetProperty("nodes").GetInt32()));
        JsonElement[] steps = [.. workload.GetProperty("strategies").EnumerateArray()];
        Assert.Equal(["ddp", "none"], steps.Select(step => step.GetProperty("strategy").GetString()));
        Assert.All(steps, step => Assert.InRange(step.GetProperty("stepNs").GetDouble(), 94e6, 200e6));
    }

    [Theory]
    [InlineData("""{ "name": "a" }""", "not a system")]
    [InlineData("""[1]""", "not a system")]
    [InlineData("""{ "nodes": 0 """, "not JSON")]
    public async Task AFileThatIsNoSystemIsNamed(string text, string expected)
    {
        string file = Written(text);

        AppRun run = await AppRun.Of("predict", "--system", file, "--compute", "94");

        Assert.Equal(2, run.ExitCode);
        Assert.StartsWith($"error: {file}: {expected}", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--system: a prediction needs one", "predict")]
    [InlineData("no manifest.json", "predict", "--calibrate", "nowhere")]
    public async Task WhatIsMissingIsSaid(string expected, params string[] args)
    {
        AppRun run = await AppRun.Of(args);

        Assert.Equal(2, run.ExitCode);
        Assert.Contains(expected, run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void ACalibrationIsReadAsWritten()
    {
        string file = Path.GetTempFileName();
        var calibration = new Calibration(Clusters.Juwels(4) with { JitterPerStep = 0.02 }, [Clusters.ResNet50]);

        PredictionFiles.Write(file, calibration);
        Calibration read = PredictionFiles.ReadCalibration(file);

        Assert.Equal(calibration.System, read.System);
        Assert.Equal(calibration.Workloads[0].Gradients, read.Workloads[0].Gradients);
        File.Delete(file);
    }

    private static string Written(string text)
    {
        string file = Path.Combine(Directory.CreateTempSubdirectory("daso-predict").FullName, "system.json");
        File.WriteAllText(file, text);
        return file;
    }
}
