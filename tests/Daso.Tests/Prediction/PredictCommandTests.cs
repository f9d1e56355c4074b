using System.Globalization;
using System.Text.Json;
using Daso.Baselines;
using Daso.CommandLine;
using Daso.Communication;
using Daso.Data;
using Daso.Experiments;
using Daso.Models;
using Daso.Optimization;
using Daso.Prediction;
using Daso.Recording;
using Daso.Tests.CommandLine;
using Daso.Tests.Recording;

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
        Assert.Contains("│ daso, cycling ", run.Output, StringComparison.Ordinal);
        Assert.Contains("│ daso, blocking ", run.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("resnet152")]
    [InlineData("vgg16")]
    [InlineData("alexnet")]
    [InlineData("vit-s16")]
    [InlineData("gpt2")]
    [InlineData("deeplabv3")]
    [InlineData("deeplabv3plus")]
    [InlineData("hrnet-ocr")]
    public async Task APublishedNetworkIsPredictedByItsName(string model)
    {
        AppRun run = await AppRun.Of(
            "predict", "--system", Written(Booster), "--model", model, "--compute", "94", "--nodes", "8", "--strategies", "horovod", "daso");

        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.Contains($"{model} on booster: 8 × 4 ranks", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnUnknownNetworkIsOneClearLine()
    {
        AppRun run = await AppRun.Of("predict", "--system", Written(Booster), "--model", "alexnets", "--compute", "94");

        Assert.Equal((2, ""), (run.ExitCode, run.Output));
        Assert.Contains("--model alexnets: unknown, did you mean alexnet?; there are resnet18, ", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnExperimentsOwnStrategyIsPredictedIfItSaysWhatItDoes()
    {
        var experiment = new ExperimentDefinition
        {
            Suite = "sample",
            Name = "small",
            Summary = "",
            Parameters = [],
            Strategies = [new StrategyDefinition("ddp-bf16", true), new StrategyDefinition("pairs", false)],
            Seeds = [1],
            Steps = 1,
            Create = _ => new ExperimentSetup(
                new ResNetSpec { Depth = 18, Classes = 10 },
                new SyntheticImages { BatchPerRank = 1 },
                new SgdSpec(0.9, 0),
                new ConstantRateSpec(0.1),
                [new DdpSpec { Wire = WireFormat.BFloat16 }, new HierarchicalAveragingSpec { Levels = AveragingLevels.Parse("4:2, 16:all", null) }]),
        };

        AppRun run = await AppRun.Of(
            [experiment],
            "predict", "--system", Written(Booster), "--compute", "94", "--strategies", "ddp", "small/ddp-bf16", "small/pairs");

        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.Contains("│ small/ddp-bf16 ", run.Output, StringComparison.Ordinal);
        Assert.Contains("not modelled: small/pairs", run.Output, StringComparison.Ordinal);
    }

    /// <summary>An expected duplex loss and jitter that hit the baseline harder put the expected ratio outside of both ends.</summary>
    [Theory]
    [InlineData(4)]
    [InlineData(64)]
    public async Task ARangeOfARatioHoldsThePrediction(int nodes)
    {
        string file = Written(Booster.Replace("\"jitterPerStep\"", "\"duplexFactor\": 0.5, \"jitterPerStep\"", StringComparison.Ordinal));
        AppRun run = await AppRun.Of("predict", "--system", file, "--compute", "94", "--nodes", $"{nodes}");

        string[][] rows = [.. run.Output.Split('\n').Where(line => line.StartsWith('│')).Skip(1).Select(line => line.Split('│', StringSplitOptions.TrimEntries))];
        Assert.Equal(6, rows.Length);
        Assert.All(rows, row =>
        {
            double[] range = [.. row[^2].Split('…').Select(end => double.Parse(end, CultureInfo.InvariantCulture))];
            Assert.InRange(double.Parse(row[^3], CultureInfo.InvariantCulture), range[0], range[1]);
        });
    }

    [Theory]
    [InlineData(-0.0001, "0.0 %")]
    [InlineData(0.0001, "0.0 %")]
    [InlineData(-0.012, "−1.2 %")]
    [InlineData(0.012, "+1.2 %")]
    public void AnErrorThatRoundsToNothingHasNoSign(double share, string expected) => Assert.Equal(expected, PredictPrinter.Signed(share));

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
        var calibration = new Calibration(Clusters.Juwels(4) with { JitterPerStep = 0.02 }, [Clusters.ResNet50]) { Runs = ["a", "b"] };

        PredictionFiles.Write(file, calibration);
        Calibration read = PredictionFiles.ReadCalibration(file);

        Assert.Equal(calibration.System, read.System);
        Assert.Equal(["a", "b"], read.Runs);
        Assert.Equal(calibration.Workloads[0].Gradients, read.Workloads[0].Gradients);
        File.Delete(file);
    }

    [Fact]
    public async Task RunsThatWereFittedAreNoValidation()
    {
        using var run = new SyntheticRun(new RecordedCluster(2, 2, "cpu"), SyntheticRun.Plan("ddp"));
        string folder = run.Folder.Path;
        AppRun both = await AppRun.Of("predict", "--calibrate", folder, "--validate", folder);
        Assert.Equal((2, ""), (both.ExitCode, both.Output));
        Assert.StartsWith($"error: --validate {folder}: --calibrate has it too (run {run.Manifest.RunId})", both.Error, StringComparison.Ordinal);

        string saved = Path.GetTempFileName();
        PredictionFiles.Write(saved, new Calibration(Clusters.Juwels(4), [Clusters.ResNet50]) { Runs = [run.Manifest.RunId] });
        AppRun later = await AppRun.Of("predict", "--system", saved, "--validate", folder);
        File.Delete(saved);
        Assert.Equal(2, later.ExitCode);
        Assert.Contains($"{saved} was fitted to it", later.Error, StringComparison.Ordinal);
    }

    private static string Written(string text)
    {
        string file = Path.Combine(Directory.CreateTempSubdirectory("daso-predict").FullName, "system.json");
        File.WriteAllText(file, text);
        return file;
    }
}
