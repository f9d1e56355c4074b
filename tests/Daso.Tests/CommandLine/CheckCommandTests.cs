using System.Text.Json.Nodes;
using Daso.Baselines;
using Daso.Cluster;
using Daso.Data;
using Daso.Experiments;
using Daso.Models;
using Daso.Optimization;
using Daso.Recording;
using Daso.Specification;
using Daso.Tests.Recording;

namespace Daso.Tests.CommandLine;

/// <summary>The gate over runs with made-up times.</summary>
public sealed class CheckCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly List<SyntheticRun> _runs = [];

    private string References => Path.Combine(_folder.Path, "here.json");

    [Fact]
    public async Task Equal_runs_hold_and_slower_or_worse_ones_do_not()
    {
        AppRun made = await AppRun.Of(["check", Run(75), Run(75.3), Run(74.8), "--against", References, "--update"]);
        Assert.True(made.ExitCode == 0, made.Error);
        Assert.Contains("made of 3 runs", made.Output);

        AppRun equal = await Check(Run(75.2));
        Assert.True(equal.ExitCode == 0, equal.Output + equal.Error);
        Assert.Empty(equal.Error);
        Assert.Contains("holds", equal.Output);

        AppRun slower = await Check(Run(82.5));
        Assert.Equal((int)ExitCode.WorseThanReference, slower.ExitCode);
        Assert.StartsWith("worse: resnet-digits, daso, relative-training: 0.825", Assert.Single(slower.Error.TrimEnd().Split('\n')));

        AppRun worse = await Check(Run(82.5, accuracy: 0.5));
        Assert.Equal((int)ExitCode.TargetMissed, worse.ExitCode);
        Assert.StartsWith("worse: resnet-digits, daso, quality: 0.5", worse.Error);

        AppRun faster = await Check(Run(60));
        Assert.Equal(0, faster.ExitCode);
        Assert.Contains("faster; take it up", faster.Output);
    }

    [Fact]
    public async Task A_slower_baseline_is_not_taken_for_a_faster_rival()
    {
        Assert.Equal(0, (await AppRun.Of("check", Run(75), Run(75), Run(75), "--against", References, "--update")).ExitCode);
        AppRun slower = await Check(Run(75, ddpMs: 110));
        Assert.Equal((int)ExitCode.WorseThanReference, slower.ExitCode);
        Assert.Contains("the baseline ddp is slower", slower.Error);
    }

    [Fact]
    public async Task The_same_runs_give_the_same_file_and_other_experiments_stay()
    {
        string run = Run(75), again = Run(76);
        await AppRun.Of("check", run, again, "--against", References, "--update");
        string first = File.ReadAllText(References);
        JsonNode json = JsonNode.Parse(first)!;
        ((JsonArray)json["experiments"]!).Add(new JsonObject
        {
            ["name"] = "another",
            ["specification"] = null,
            ["baseline"] = "ddp",
            ["references"] = new JsonArray(),
        });
        File.WriteAllText(References, json.ToJsonString());

        AppRun one = await AppRun.Of("check", again, run, "--against", References, "--update");
        Assert.True(one.ExitCode == 0, one.Error);

        Assert.Equal(["another", "resnet-digits"], JsonNode.Parse(File.ReadAllText(References))!["experiments"]!.AsArray()
            .Select(experiment => (string)experiment!["name"]!));
        File.Delete(References);
        await AppRun.Of("check", again, run, "--against", References, "--update");
        Assert.Equal(first, File.ReadAllText(References));
        Assert.EndsWith("}\n", first);
    }

    [Fact]
    public async Task One_run_says_what_it_assumes()
    {
        AppRun made = await AppRun.Of("check", Run(75), "--against", References, "--update");
        Assert.True(made.ExitCode == 0, made.Error);
        Assert.Contains("One run says nothing of the noise between runs", made.Output);
    }

    [Fact]
    public async Task A_class_holds_references_of_its_own()
    {
        ExperimentDefinition[] experiments = [WithReference("here", "daso", "relative-training", 0.75), WithReference("there", "ddp", "quality", 0.95)];
        string run = RunAs(experiments[0], 75.2), slow = RunAs(experiments[0], 82.5);

        AppRun holds = await AppRun.Of([experiments[0]], "check", run, "--system", "here");
        Assert.True(holds.ExitCode == 0, holds.Output + holds.Error);
        Assert.Contains("holds", holds.Output);

        AppRun slower = await AppRun.Of([experiments[0]], "check", slow, "--system", "here");
        Assert.Equal((int)ExitCode.WorseThanReference, slower.ExitCode);
        Assert.StartsWith("worse: resnet-digits, daso, relative-training: 0.825", slower.Error);

        AppRun elsewhere = await AppRun.Of([experiments[1]], "check", run, "--system", "here");
        Assert.Equal((int)ExitCode.Usage, elsewhere.ExitCode);
        Assert.Equal(
            "error: --system here: resnet-digits has no [Reference] of it; it has those of there\n", elsewhere.Error);
        AppRun unknown = await AppRun.Of("check", run, "--system", "here");
        Assert.Equal((int)ExitCode.Usage, unknown.ExitCode);
        Assert.Contains("resnet-digits is no experiment of this program", unknown.Error);
    }

    [Fact]
    public async Task A_class_references_hold_for_its_specification_alone()
    {
        ExperimentDefinition experiment = WithReference("here", "daso", "relative-training", 0.75);
        string shorter = RunAs(experiment, 75, new RunOptions { Topology = new Topology(1, 2), Steps = 3 });
        AppRun shortened = await AppRun.Of([experiment], "check", shorter, "--system", "here");
        Assert.Equal(((int)ExitCode.Usage, ""), (shortened.ExitCode, shortened.Output));
        Assert.Contains("resnet-digits has another specification (", shortened.Error);
        Assert.Contains(") than the class itself (", Assert.Single(shortened.Error.TrimEnd().Split('\n')));

        ExperimentDefinition tiny = WithReference("here", "daso", "relative-training", 0.75, tier: "tiny");
        string run = RunAs(tiny, 75, new RunOptions { Topology = new Topology(1, 2), Tier = "tiny" });
        AppRun asTier = await AppRun.Of([tiny], "check", run, "--system", "here", "--tier", "tiny");
        Assert.True(asTier.ExitCode == 0, asTier.Error);
        AppRun own = await AppRun.Of([tiny], "check", RunAs(tiny, 75), "--system", "here", "--tier", "tiny");
        Assert.Contains("than tier tiny (", own.Error);

        ExperimentDefinition linked = WithReference("here", "daso", "relative-training", 0.75, link: "1gbit");
        var real = new RunOptions { Topology = new Topology(1, 2), Link = "unlimited" };
        Assert.Equal(2, (await AppRun.Of([linked], "check", RunAs(linked, 75, real), "--system", "here")).ExitCode);
        AppRun mpi = await AppRun.Of([linked], "check", RunAs(linked, 75, real, hasRealLinks: true), "--system", "here");
        Assert.True(mpi.ExitCode == 0, mpi.Error);
    }

    [Fact]
    public async Task What_cannot_be_compared_is_refused_in_one_line()
    {
        string good = Run(75);
        await AppRun.Of("check", good, Run(75), "--against", References, "--update");

        SyntheticRun unfinished = NewRun("daso", "ddp", "none");
        Record(unfinished, 75, 100, 0.95);
        await Refused("none, seed 1 is missing (not started)", unfinished.Folder.Path);
        SyntheticRun other = NewRun("daso", "ddp");
        Record(other, 75, 100, 0.95);
        (other.Manifest with { Specification = new JsonObject { ["nodes"] = 7 } }).Write(other.Folder);
        await Refused("another specification, data or cluster", other.Folder.Path);
        SyntheticRun elsewhere = NewRun("daso", "ddp");
        Record(elsewhere, 75, 100, 0.95);
        (elsewhere.Manifest with { Hardware = elsewhere.Manifest.Hardware with { Processor = "abacus" } }).Write(elsewhere.Folder);
        await Refused("ran on abacus", elsewhere.Folder.Path);
        await Refused("no manifest.json", _folder.Path);

        AppRun neither = await AppRun.Of("check", good);
        Assert.Equal((int)ExitCode.Usage, neither.ExitCode);
        Assert.Contains("--against", neither.Error);
        File.WriteAllText(References, "{}");
        await Refused("damaged", good);
    }

    public void Dispose()
    {
        _runs.ForEach(run => run.Dispose());
        _folder.Dispose();
    }

    private Task<AppRun> Check(string run) => AppRun.Of("check", run, "--against", References);

    private async Task Refused(string message, string run)
    {
        AppRun refused = await Check(run);
        Assert.NotEqual(0, refused.ExitCode);
        Assert.Empty(refused.Output);
        Assert.Contains(message, Assert.Single(refused.Error.TrimEnd().Split('\n')));
    }

    /// <summary>A run in which a step of ddp takes 100 ms.</summary>
    private string Run(double dasoMs, double ddpMs = 100, double accuracy = 0.95)
    {
        SyntheticRun run = NewRun("daso", "ddp");
        Record(run, dasoMs, ddpMs, accuracy);
        return run.Folder.Path;
    }

    /// <summary>The same of an experiment of the program.</summary>
    private string RunAs(ExperimentDefinition experiment, double dasoMs, RunOptions? options = null, bool hasRealLinks = false)
    {
        SyntheticRun run = NewRun("daso", "ddp");
        Record(run, dasoMs, 100, 0.95);
        ExperimentVariant variant = SuitePlan.Expand(
            experiment.Suite, [experiment], options ?? new RunOptions { Topology = new Topology(1, 2) }).Variants.Single();
        Manifest manifest = run.Manifest with { Specification = new JsonObject { [variant.Name] = SpecificationWriter.ToJson(variant) } };
        (hasRealLinks ? manifest with { Cluster = manifest.Cluster with { HasRealLinks = true } } : manifest).Write(run.Folder);
        return run.Folder.Path;
    }

    private static ExperimentDefinition WithReference(string system, string strategy, string metric, double value, string? tier = null, string? link = null) => new()
    {
        Suite = "quickstart",
        Name = "resnet-digits",
        Summary = "",
        Parameters = [],
        Strategies = [new StrategyDefinition("ddp", true)],
        Seeds = [1],
        Epochs = 2,
        Link = link,
        Tiers = [new TierDefinition("tiny", null, 5)],
        References = [new ReferenceDefinition(system, strategy, metric, value, -0.05, 0.05, "1", tier)],
        Create = _ => new ExperimentSetup(
            new ResNetSpec { Depth = 18, Classes = 10 },
            new SyntheticImages { BatchPerRank = 8 },
            new SgdSpec(0.9, 0),
            new ConstantRateSpec(0.1),
            [new DdpSpec()]),
    };

    private SyntheticRun NewRun(params string[] strategies)
    {
        var run = new SyntheticRun(new RecordedCluster(1, 2, "cpu"), SyntheticRun.Plan(strategies) with { Seeds = [1, 2, 3] });
        _runs.Add(run);
        return run;
    }

    private static void Record(SyntheticRun run, double dasoMs, double ddpMs, double accuracy)
    {
        for (int seed = 1; seed <= 3; seed++)
        {
            double wobble = 1 + ((seed - 2) * 0.002);
            run.RecordEven(new CellId("resnet-digits", "daso", seed), (long)(dasoMs * wobble * 1e6), 0, accuracy);
            run.RecordEven(new CellId("resnet-digits", "ddp", seed), (long)(ddpMs * 1e6), 0, 0.95);
        }
    }
}
