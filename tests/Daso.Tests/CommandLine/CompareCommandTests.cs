using System.Text.Json.Nodes;
using Daso.Recording;
using Daso.Tests.Recording;

namespace Daso.Tests.CommandLine;

/// <summary><c>compare</c> on synthetic runs through the real command line.</summary>
public class CompareCommandTests
{
    private const int Steps = 160;

    [Fact]
    public async Task A_strategy_that_became_slower_is_found_and_the_rest_is_the_same()
    {
        using SyntheticRun a = Run(dasoNs: 500_000), b = Run(dasoNs: 550_000);
        AppRun compared = await AppRun.Of("compare", a.Folder.Path, b.Folder.Path, "--format", "json");

        Assert.True(compared.ExitCode == 0, compared.Error);
        JsonNode json = JsonNode.Parse(compared.Output)!;
        JsonNode daso = json["experiments"]![0]!["strategies"]![0]!, ddp = json["experiments"]![0]!["strategies"]![1]!;
        Assert.Equal("daso", (string?)daso["strategy"]);
        Assert.Equal(1.1, (double)daso["step"]!["estimate"]!, 3);
        Assert.Equal("Slower", (string?)daso["step"]!["verdict"]);
        Assert.Equal(1.1, (double)daso["relative"]!["estimate"]!, 3);
        Assert.Equal("Seeds", (string?)daso["step"]!["scope"]);
        Assert.Equal(1, (double)ddp["step"]!["estimate"]!, 3);
        Assert.Null(ddp["relative"]);
        Assert.Equal(0, (double)daso["quality"]!["difference"]!, 12);
        Assert.True((bool)json["isSameBenchmark"]!);
    }

    [Fact]
    public async Task Drift_of_the_machine_changes_times_and_not_the_ratio_to_the_baseline()
    {
        using SyntheticRun a = Run(dasoNs: 500_000), b = Run(dasoNs: 600_000, ddpNs: 1_200_000);
        JsonNode json = JsonNode.Parse((await AppRun.Of("compare", a.Folder.Path, b.Folder.Path, "--format", "json")).Output)!;
        JsonNode daso = json["experiments"]![0]!["strategies"]![0]!;
        Assert.Equal(1.2, (double)daso["step"]!["estimate"]!, 3);
        Assert.Equal(1.0, (double)daso["relative"]!["estimate"]!, 3);
        Assert.NotEqual("Slower", (string?)daso["relative"]!["verdict"]);
    }

    [Fact]
    public async Task The_table_says_first_what_differs()
    {
        using SyntheticRun a = Run(dasoNs: 500_000), b = Run(dasoNs: 550_000);
        (b.Manifest with { Settings = new Dictionary<string, string> { ["threadsPerRank"] = "4" } }).Write(b.Folder);
        AppRun compared = await AppRun.Of("compare", a.Folder.Path, b.Folder.Path, "--threshold", "1%");

        Assert.True(compared.ExitCode == 0, compared.Error);
        string[] lines = [.. compared.Output.Split('\n').Select(line => line.TrimEnd())];
        Assert.StartsWith($"A: {a.Folder.Path}; specification ", lines[0], StringComparison.Ordinal);
        Assert.StartsWith($"B: {b.Folder.Path}; specification ", lines[1], StringComparison.Ordinal);
        Assert.Equal("specification: the same", lines[2]);
        Assert.Equal("commit and environment: differs", lines[3]);
        Assert.Equal("  settings.threadsPerRank: (absent) → 4", lines[4]);
        Assert.Contains("1.10 (", compared.Output, StringComparison.Ordinal);
        Assert.Contains("what it says at ± 1 %", compared.Output, StringComparison.Ordinal);
        Assert.Empty(compared.Error);
    }

    [Fact]
    public async Task Folders_of_runs_are_pooled()
    {
        using var folders = new TemporaryFolder();
        string a = Path.Combine(folders.Path, "a"), b = Path.Combine(folders.Path, "b");
        foreach ((string folder, long dasoNs) in ((string, long)[])[(a, 500_000), (a, 502_000), (a, 498_000), (b, 550_000), (b, 552_000), (b, 548_000)])
        {
            using SyntheticRun run = Run(dasoNs);
            Directory.CreateDirectory(folder);
            Directory.Move(run.Folder.Path, Path.Combine(folder, run.Folder.RunId));
        }

        JsonNode json = JsonNode.Parse((await AppRun.Of("compare", a, b, "--format", "json")).Output)!;
        JsonNode daso = json["experiments"]![0]!["strategies"]![0]!;
        Assert.Equal(3, json["a"]!["runs"]!.AsArray().Count);
        Assert.Equal(("Runs", "Slower"), ((string?)daso["step"]!["scope"], (string?)daso["step"]!["verdict"]));
        Assert.Equal(3, (int)daso["step"]!["units"]!);
    }

    [Fact]
    public async Task Of_a_run_that_was_cut_only_common_seeds_are_compared_and_what_is_missing_comes_first()
    {
        using SyntheticRun whole = OfQualities([0.90, 0.95, 0.97]), cut = OfQualities([0.90, 0.95]);
        AppRun table = await AppRun.Of("compare", whole.Folder.Path, cut.Folder.Path);
        Assert.StartsWith($"INCOMPLETE: B: {cut.Manifest.RunId} lacks 2 of 6 cells: daso, seed 3 (not started);", table.Output, StringComparison.Ordinal);

        JsonNode json = JsonNode.Parse((await AppRun.Of("compare", whole.Folder.Path, cut.Folder.Path, "--format", "json")).Output)!;
        JsonNode daso = json["experiments"]![0]!["strategies"]![0]!;
        Assert.Equal([1, 2], daso["seeds"]!.AsArray().Select(seed => (int)seed!));
        Assert.Equal((0, 0), ((double)daso["quality"]!["difference"]!, (double)daso["quality"]!["halfWidth"]!));
        Assert.Equal(2, (int)daso["step"]!["units"]!);
        Assert.Equal(2, json["b"]!["missing"]![0]!["cells"]!.AsArray().Count);
    }

    [Fact]
    public async Task A_repetition_of_the_same_seeds_makes_a_quality_no_surer()
    {
        using var folders = new TemporaryFolder();
        using SyntheticRun one = OfQualities([0.90, 0.95, 0.97]), other = OfQualities([0.91, 0.99, 0.92]);
        for (int copy = 0; copy < 5; copy++)
        {
            using SyntheticRun run = OfQualities([0.91, 0.99, 0.92]);
            Directory.Move(run.Folder.Path, Path.Combine(folders.Path, run.Folder.RunId));
        }

        Assert.Equal(await HalfWidth(other.Folder.Path), await HalfWidth(folders.Path), 12);

        async Task<double> HalfWidth(string b)
        {
            JsonNode json = JsonNode.Parse((await AppRun.Of("compare", one.Folder.Path, b, "--format", "json")).Output)!;
            return (double)json["experiments"]![0]!["strategies"]![0]!["quality"]!["halfWidth"]!;
        }
    }

    /// <summary>As the jobs of an array are; together they are what one run with all seeds is.</summary>
    [Fact]
    public async Task Runs_of_a_folder_that_differ_in_their_seeds_are_parts_of_one_benchmark()
    {
        using var folders = new TemporaryFolder();
        foreach (int seed in (int[])[2, 1])
        {
            using SyntheticRun run = Run(dasoNs: 500_000);
            WithSeeds(run, seed);
            Directory.Move(run.Folder.Path, Path.Combine(folders.Path, run.Folder.RunId));
        }

        using SyntheticRun whole = Run(dasoNs: 500_000);
        WithSeeds(whole, 1, 2);

        AppRun compared = await AppRun.Of("compare", folders.Path, whole.Folder.Path, "--format", "json");

        Assert.True(compared.ExitCode == 0, compared.Error);
        JsonNode json = JsonNode.Parse(compared.Output)!;
        Assert.True((bool)json["isSameBenchmark"]!);
        Assert.Equal([1, 2], json["experiments"]![0]!["strategies"]![0]!["seeds"]!.AsArray().Select(seed => (int)seed!));

        static void WithSeeds(SyntheticRun run, params int[] seeds) => (run.Manifest with
        {
            Specification = new JsonObject { [run.Manifest.Experiments[0].Name] = new JsonObject { ["seeds"] = string.Join(',', seeds) } },
            Experiments = [.. run.Manifest.Experiments.Select(experiment => experiment with { Seeds = seeds })],
        }).Write(run.Folder);
    }

    [Fact]
    public async Task Different_benchmarks_are_refused_unless_forced()
    {
        using SyntheticRun a = Run(dasoNs: 500_000), b = Run(dasoNs: 500_000);
        (b.Manifest with { Specification = new JsonObject { ["suite"] = "quickstart", ["rate"] = 0.2 } }).Write(b.Folder);

        AppRun refused = await AppRun.Of("compare", a.Folder.Path, b.Folder.Path);
        Assert.Equal(2, refused.ExitCode);
        Assert.Contains(a.Manifest.SpecificationHash[..12], refused.Error, StringComparison.Ordinal);
        Assert.Contains(Manifest.Read(b.Folder).SpecificationHash[..12], refused.Error, StringComparison.Ordinal);
        Assert.Contains("rate: 0.1 → 0.2", refused.Error, StringComparison.Ordinal);
        Assert.Empty(refused.Output);

        AppRun forced = await AppRun.Of("compare", a.Folder.Path, b.Folder.Path, "--force");
        Assert.Equal(0, forced.ExitCode);
        Assert.StartsWith("WARNING: A and B have different specifications", forced.Output, StringComparison.Ordinal);
        Assert.StartsWith("WARNING: A and B have different specifications", forced.Error, StringComparison.Ordinal);
        Assert.Contains("  rate: 0.1 → 0.2", forced.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--threshold 2x: expected a share", "--threshold", "2x")]
    [InlineData("--threshold 0: expected a share", "--threshold", "0")]
    [InlineData("--threshold 100%: expected a share", "--threshold", "100%")]
    public async Task Wrong_thresholds_are_told(string message, params string[] options)
    {
        using SyntheticRun run = Run(dasoNs: 500_000);
        AppRun wrong = await AppRun.Of(["compare", run.Folder.Path, run.Folder.Path, .. options]);
        Assert.Equal(2, wrong.ExitCode);
        Assert.Contains(message, wrong.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Folders_without_runs_are_told()
    {
        using var empty = new TemporaryFolder();
        AppRun nothing = await AppRun.Of("compare", empty.Path, empty.Path);
        Assert.Equal((2, ""), (nothing.ExitCode, nothing.Output));
        Assert.Contains($"{empty.Path}: no manifest.json", nothing.Error, StringComparison.Ordinal);
        Assert.Contains("no such folder", (await AppRun.Of("compare", "nowhere", empty.Path)).Error, StringComparison.Ordinal);
    }

    private static SyntheticRun Run(long dasoNs, long ddpNs = 1_000_000)
    {
        var run = new SyntheticRun(new RecordedCluster(1, 2, "cpu"), SyntheticRun.Plan("daso", "ddp"));
        for (int seed = 1; seed <= 2; seed++)
        {
            run.RecordNoisy(new CellId("resnet-digits", "daso", seed), Steps, dasoNs, 0.95);
            run.RecordNoisy(new CellId("resnet-digits", "ddp", seed), Steps, ddpNs, 0.94);
        }

        return run;
    }

    /// <summary>Of three planned seeds those that have a quality.</summary>
    private static SyntheticRun OfQualities(double[] qualities)
    {
        var run = new SyntheticRun(new RecordedCluster(1, 2, "cpu"), SyntheticRun.Plan("daso", "ddp") with { Seeds = [1, 2, 3] });
        foreach ((int i, double quality) in qualities.Index())
        {
            run.RecordNoisy(new CellId("resnet-digits", "daso", i + 1), Steps, 500_000, quality);
            run.RecordNoisy(new CellId("resnet-digits", "ddp", i + 1), Steps, 1_000_000, quality);
        }

        return run;
    }
}
