using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
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
            ["references"] = new JsonArray(json["experiments"]![0]!["references"]![0]!.DeepClone()),
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

    [Theory]
    [InlineData(0.6, 0, "relative-training")]
    [InlineData(0.002, 0.4, "quality")]
    public async Task References_that_could_not_fail_are_not_written(double wobble, double spread, string metric)
    {
        AppRun refused = await AppRun.Of(
            "check", Run(75, accuracy: 0.5, wobble: wobble, spread: spread), "--against", References, "--update");
        Assert.Equal((int)ExitCode.Usage, refused.ExitCode);
        string line = Assert.Single(refused.Error.TrimEnd().Split('\n'));
        Assert.StartsWith($"error: resnet-digits, daso, {metric}: references of these runs would find a change only from ", line);
        Assert.Contains("more seeds, more runs", line);
        Assert.False(File.Exists(References));
    }

    /// <summary>Every run trains the same seeds: that they differ from each other says nothing of a run's repetition.</summary>
    [Fact]
    public async Task What_seeds_differ_by_is_no_noise_of_a_quality_that_repeats_itself()
    {
        string[] runs = [.. Enumerable.Range(0, 3).Select(_ => Run(75, accuracy: 0.5, spread: 0.4))];
        AppRun made = await AppRun.Of(["check", .. runs, "--against", References, "--update"]);
        Assert.True(made.ExitCode == 0, made.Error);
        Assert.Contains("\"lower\": -0.0049751", File.ReadAllText(References));
        Assert.Equal(0, (await Check(Run(75, accuracy: 0.5, spread: 0.3))).ExitCode);
        Assert.Equal((int)ExitCode.TargetMissed, (await Check(Run(75, accuracy: 0.49, spread: 0.4))).ExitCode);
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
    public async Task A_noisy_run_is_unclear_and_an_alarm_only_if_asked_for_or_far_off()
    {
        await MakeReferences();
        string noisy = Run(85, wobble: 0.3);
        AppRun unclear = await Check(noisy);
        Assert.True(unclear.ExitCode == 0, unclear.Error);
        Assert.StartsWith("unclear: resnet-digits, daso, relative-training", unclear.Error);
        Assert.EndsWith("\n2 holds, 1 unclear; unclear is no alarm (with --strict it is)\n", unclear.Output);

        AppRun strict = await AppRun.Of("check", noisy, "--against", References, "--strict");
        Assert.Equal((int)ExitCode.WorseThanReference, strict.ExitCode);
        Assert.EndsWith("\n2 holds, 1 unclear; unclear is an alarm (--strict)\n", strict.Output);

        AppRun farOff = await Check(Run(150, wobble: 0.9));
        Assert.Equal((int)ExitCode.WorseThanReference, farOff.ExitCode);
        // 0.750 lies within the run's own interval.
        Match interval = Regex.Match(farOff.Error, @"^worse: resnet-digits, daso, relative-training: \S+ \((.*)…(.*)\) in place of 0.7503");
        Assert.True(double.Parse(interval.Groups[1].Value, CultureInfo.InvariantCulture) < 0.75, farOff.Error);
    }

    [Fact]
    public async Task A_ratio_that_fell_is_unclear_without_references_of_the_times()
    {
        await MakeReferences();
        Edit(experiment =>
        {
            foreach (JsonNode? time in ReferencesOf(experiment).Where(one => (string)one!["metric"]! == "training-time").ToArray())
                ReferencesOf(experiment).Remove(time);
        });
        AppRun fell = await Check(Run(60));
        Assert.Equal(0, fell.ExitCode);
        Assert.Contains("faster, or the baseline ddp slower: no references of both training times tell which", fell.Error);
    }

    [Fact]
    public async Task An_experiment_that_vanished_is_an_alarm_unless_others_are_chosen()
    {
        await MakeReferences();
        JsonNode json = JsonNode.Parse(File.ReadAllText(References))!;
        JsonNode vanished = json["experiments"]![0]!.DeepClone();
        (vanished["name"], vanished["experiment"]) = ("vanished-width-8", "vanished");
        ((JsonArray)json["experiments"]!).Add(vanished);
        File.WriteAllText(References, json.ToJsonString());
        string run = Run(75);

        AppRun alarm = await Check(run);
        Assert.Equal(((int)ExitCode.Usage, ""), (alarm.ExitCode, alarm.Output));
        Assert.Contains("vanished-width-8 of the references did not run", alarm.Error);
        Assert.Equal(0, (await AppRun.Of("check", run, "--against", References, "--experiments", "resnet-digits")).ExitCode);
        AppRun chosen = await AppRun.Of("check", run, "--against", References, "--experiments", "resnet-digits", "vanished");
        Assert.Contains("vanished-width-8 of the references did not run", chosen.Error);
        AppRun unknown = await AppRun.Of("check", run, "--against", References, "--experiments", "vanishd");
        Assert.Equal("error: --experiments vanishd: unknown, did you mean vanished?; there are resnet-digits, vanished\n", unknown.Error);
        AppRun update = await AppRun.Of("check", run, "--against", References, "--update", "--experiments", "resnet-digits");
        Assert.Equal((int)ExitCode.Usage, update.ExitCode);
    }

    [Fact]
    public async Task An_experiment_of_a_class_that_vanished_is_an_alarm()
    {
        var vanished = new ExperimentDefinition
        {
            Suite = "quickstart",
            Name = "vanished",
            Summary = "",
            Parameters = [],
            Strategies = [new StrategyDefinition("ddp", true)],
            Seeds = [1],
            References = [new ReferenceDefinition("here", "daso", "relative-training", 0.75, -0.05, 0.05, "1", null)],
            Create = _ => throw new InvalidOperationException("check trains nothing"),
        };
        SyntheticRun run = NewRun("daso", "ddp");
        AppRun alarm = await AppRun.Of([vanished], "check", run.Folder.Path, "--system", "here", "--experiments", "vanished");
        Assert.Equal((int)ExitCode.RunFailed, alarm.ExitCode);
        Record(run, 75, 100, 0.95);
        alarm = await AppRun.Of([vanished], "check", run.Folder.Path, "--system", "here", "--experiments", "vanished");
        Assert.Equal((int)ExitCode.Usage, alarm.ExitCode);
        Assert.Contains("vanished of the references did not run", alarm.Error);
    }

    [Theory]
    [InlineData("metric", "\"speed\"", "the metric speed is unknown; there are step-time,")]
    [InlineData("unit", "\"s\"", "quality in s is unknown; there are 1")]
    [InlineData("lower", "0.5", "quality has a lower bound above its value")]
    [InlineData("upper", "-0.5", "quality has an upper bound below its value")]
    [InlineData("value", "0", "quality has a value that is not above 0")]
    [InlineData("lower", "null", "no reference with a bound")]
    public async Task References_against_the_rules_are_refused_when_read(string field, string value, string message)
    {
        await MakeReferences();
        Edit(experiment =>
        {
            JsonNode first = ReferencesOf(experiment)[0]!;
            (first["lower"], first[field]) = (null, JsonNode.Parse(value));
            experiment["references"] = new JsonArray(first.DeepClone());
        });
        await Refused(message, Run(75));
    }

    [Fact]
    public async Task Empty_references_are_refused_when_read()
    {
        await MakeReferences();
        Edit(experiment => experiment["references"] = new JsonArray());
        await Refused("resnet-digits: no reference with a bound", Run(75));
        JsonNode json = JsonNode.Parse(File.ReadAllText(References))!;
        json["experiments"] = new JsonArray();
        File.WriteAllText(References, json.ToJsonString());
        await Refused("no experiments", Run(75));
    }

    [Fact]
    public async Task References_that_cannot_be_written_name_the_option()
    {
        string occupied = Path.Combine(_folder.Path, "file");
        File.WriteAllText(occupied, "");
        AppRun refused = await AppRun.Of("check", Run(75), "--against", Path.Combine(occupied, "here.json"), "--update");
        Assert.Equal((int)ExitCode.Environment, refused.ExitCode);
        Assert.EndsWith("choose another place with --against\n", refused.Error);
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

    private async Task MakeReferences()
    {
        AppRun made = await AppRun.Of("check", Run(75), Run(75.3), Run(74.8), "--against", References, "--update");
        Assert.True(made.ExitCode == 0, made.Error);
    }

    /// <summary>Changes the references of the only experiment.</summary>
    private void Edit(Action<JsonNode> change)
    {
        JsonNode json = JsonNode.Parse(File.ReadAllText(References))!;
        change(json["experiments"]![0]!);
        File.WriteAllText(References, json.ToJsonString());
    }

    private static JsonArray ReferencesOf(JsonNode experiment) => (JsonArray)experiment["references"]!;

    private Task<AppRun> Check(string run) => AppRun.Of("check", run, "--against", References);

    private async Task Refused(string message, string run)
    {
        AppRun refused = await Check(run);
        Assert.NotEqual(0, refused.ExitCode);
        Assert.Empty(refused.Output);
        Assert.Contains(message, Assert.Single(refused.Error.TrimEnd().Split('\n')));
    }

    /// <summary>A run in which a step of ddp takes 100 ms.</summary>
    private string Run(double dasoMs, double ddpMs = 100, double accuracy = 0.95, double wobble = 0.002, double spread = 0)
    {
        SyntheticRun run = NewRun("daso", "ddp");
        Record(run, dasoMs, ddpMs, accuracy, wobble, spread);
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

    /// <param name="run">The run.</param>
    /// <param name="dasoMs">A step of daso, with the seed in the middle.</param>
    /// <param name="ddpMs">A step of ddp.</param>
    /// <param name="accuracy">Of daso, with the seed in the middle.</param>
    /// <param name="wobble">By how much a step of daso is longer with the next seed, as a share.</param>
    /// <param name="spread">By how much the accuracy of daso is higher with the next seed.</param>
    private static void Record(
        SyntheticRun run, double dasoMs, double ddpMs, double accuracy, double wobble = 0.002, double spread = 0)
    {
        for (int seed = 1; seed <= 3; seed++)
        {
            double longer = 1 + ((seed - 2) * wobble);
            run.RecordEven(new CellId("resnet-digits", "daso", seed), (long)(dasoMs * longer * 1e6), 0, accuracy + ((seed - 2) * spread));
            run.RecordEven(new CellId("resnet-digits", "ddp", seed), (long)(ddpMs * 1e6), 0, 0.95);
        }
    }
}
