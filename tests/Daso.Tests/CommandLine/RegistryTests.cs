using Daso.Baselines;
using Daso.CommandLine;
using Daso.Data;
using Daso.Experiments;
using Daso.Models;
using Daso.Optimization;
using Daso.SharedRules;

namespace Daso.Tests.CommandLine;

/// <summary>What the command line shows and takes of a registry.</summary>
public class RegistryTests
{
    private static readonly ExperimentDefinition s_small = Define("small", "batch");

    private static readonly ExperimentDefinition s_large = Define("large", "batch");

    [Fact]
    public async Task List_shows_what_an_experiment_says_of_itself()
    {
        AppRun run = await AppRun.Of([s_small], "list", "small");

        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.Contains("small: About small.", run.Output, StringComparison.Ordinal);
        Assert.Contains("200 steps, seeds 1", run.Output, StringComparison.Ordinal);
        Assert.Contains("--batch 16: Images.", run.Output, StringComparison.Ordinal);
        Assert.Contains("--tier tiny: 20 steps, --batch 4 8", run.Output, StringComparison.Ordinal);
        Assert.Contains("on laptop: ddp's step-time is 12.5 ms (any…+10 %), tier tiny", run.Output, StringComparison.Ordinal);
        Assert.Contains("tags: of-small", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_source_that_fails_ends_only_the_commands_that_need_it()
    {
        IReadOnlyList<string> source = ExperimentMembers.Values<int>(
            "failing: parameter Batch of Failing", "Batches", () => throw new InvalidOperationException("no disk"));
        ExperimentDefinition failing = Define("failing", [new ParameterDefinition("Batch", "batch", "integer", source, "Images.")], "another");

        AppRun needs = await AppRun.Of([s_small, failing], "suite", "another", "--dry-run");
        Assert.Equal(
            (2, "", "error: failing: parameter Batch of Failing: its source Batches failed: InvalidOperationException: no disk\n"),
            (needs.ExitCode, needs.Output, needs.Error));
        AppRun given = await AppRun.Of([s_small, failing], "suite", "another", "--batch", "8", "--dry-run");
        Assert.Equal((0, ""), (given.ExitCode, given.Error));
        AppRun other = await AppRun.Of([s_small, failing], "suite", "sample", "--dry-run");
        Assert.Equal((0, ""), (other.ExitCode, other.Error));
        AppRun help = await AppRun.Of([s_small, failing], "suite", "another", "--help");
        Assert.Contains("default: what Batches gives", help.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task List_goes_on_where_an_experiment_is_wrong()
    {
        IReadOnlyList<string> source = ExperimentMembers.Values<int>("bad: parameter Batch of Bad", "Batches", () => throw new IOException("no\ndisk"));
        ExperimentDefinition bad = Define("bad", [new ParameterDefinition("Batch", "batch", "integer", source, "Images.")]);

        AppRun run = await AppRun.Of([bad, s_small], "list", "sample");

        Assert.Equal((2, "error: list: bad: wrong; the lines that start with error: say why\n"), (run.ExitCode, run.Error));
        Assert.Contains("    error: bad: parameter Batch of Bad: its source Batches failed: IOException: no disk", run.Output, StringComparison.Ordinal);
        Assert.Contains("small: About small.", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Help_tells_an_options_meanings_by_experiment_where_they_differ()
    {
        AppRun alike = await AppRun.Of([s_small, s_large], "suite", "sample", "--help");
        Assert.Contains("--batch <batch> Images. (integer; default 16) Several", OneLine(alike.Output), StringComparison.Ordinal);

        ExperimentDefinition other = Define("other", [new ParameterDefinition("Batch", "batch", "integer", ["8"], "Texts.")]);
        AppRun differ = await AppRun.Of([s_small, s_large, other], "suite", "sample", "--help");
        Assert.Contains(
            "In small, large: Images. (integer; default 16). In other: Texts. (integer; default 8).", OneLine(differ.Output), StringComparison.Ordinal);

        static string OneLine(string text) => System.Text.RegularExpressions.Regex.Replace(text, @"\s+", " ");
    }

    [Fact]
    public async Task List_has_a_line_for_each_experiment_and_more_for_a_name()
    {
        ExperimentDefinition other = Define("other", [], "another");
        AppRun all = await AppRun.Of([s_small, s_large, other], "list");
        Assert.Equal(
            "sample\n  small: About small.\n  large: About large.\nanother\n  other: About other.\nlist NAME: strategies, parameters, tiers, references\n",
            all.Output);

        Assert.Equal("In short.", ListCommand.FirstSentence("In short. At length."));

        AppRun suite = await AppRun.Of([s_small, s_large, other], "list", "sample");
        Assert.Contains("large: About large.", suite.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("other", suite.Output, StringComparison.Ordinal);
        AppRun unknown = await AppRun.Of([s_small, s_large, other], "list", "smal");
        Assert.Equal(2, unknown.ExitCode);
        Assert.Contains("did you mean small?", unknown.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Help_has_a_line_for_each_command_by_what_it_is_for()
    {
        AppRun help = await AppRun.Of([s_small], "--help");
        Assert.Equal((0, ""), (help.ExitCode, help.Error));
        Assert.All(
            ["Train:", "  suite ", "Before a training:", "  doctor ", "Runs:", "  compare ", "Predictions and the paper:", "  reproduce "],
            line => Assert.Contains($"\n{line}", help.Output, StringComparison.Ordinal));
        Assert.All(help.Output.Split('\n'), line => Assert.InRange(line.Length, 0, 150));
        AppRun own = await AppRun.Of([s_small], "compare", "--help");
        Assert.Contains("Usage:", own.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task List_by_tag_shows_the_experiments_that_have_it()
    {
        AppRun run = await AppRun.Of([s_small, s_large], "list", "--tag", "of-large");

        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.Contains("About large.", run.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("About small.", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unknown_tag_is_one_clear_line()
    {
        AppRun run = await AppRun.Of([s_small, s_large], "list", "--tag", "of-smal");
        Assert.Equal((2, "", "error: --tag of-smal: no experiment has it, did you mean of-small?\n"), (run.ExitCode, run.Output, run.Error));
    }

    [Fact]
    public async Task A_tier_changes_length_and_parameters_of_the_plan()
    {
        AppRun own = await AppRun.Of([s_small], "suite", "sample", "--dry-run");
        AppRun tiny = await AppRun.Of([s_small], "suite", "sample", "--tier", "tiny", "--dry-run");
        AppRun given = await AppRun.Of([s_small], "suite", "sample", "--tier", "tiny", "--batch", "2", "--steps", "5", "--dry-run");

        Assert.Contains("small: 200 steps,", own.Output, StringComparison.Ordinal);
        Assert.Contains("small-batch-4: 20 steps,", tiny.Output, StringComparison.Ordinal);
        Assert.Contains("small-batch-8: 20 steps,", tiny.Output, StringComparison.Ordinal);
        Assert.Contains("small: 5 steps,", given.Output, StringComparison.Ordinal);
        Assert.Contains("--batch 2", given.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unknown_tier_is_one_clear_line()
    {
        AppRun run = await AppRun.Of([s_small], "suite", "sample", "--tier", "tyni", "--dry-run");
        Assert.Equal(
            (2, "", "error: --tier tyni: unknown, did you mean tiny?; there are tiny\n"), (run.ExitCode, run.Output, run.Error));
    }

    [Fact]
    public async Task A_dry_run_as_JSON_is_the_specification()
    {
        AppRun run = await AppRun.Of([s_small], "suite", "sample", "--dry-run", "--format", "json");
        using var plan = System.Text.Json.JsonDocument.Parse(run.Output);
        Assert.Equal(200, plan.RootElement.GetProperty("small").GetProperty("steps").GetInt32());
    }

    /// <summary>As of assemblies that know nothing of each other, or that another version of the generator made.</summary>
    [Fact]
    public async Task The_compilers_rules_hold_for_the_registry_as_a_whole()
    {
        await Refused("DASO006: Suite 'sample' has another experiment called 'small'; rename one of them", s_small, s_small);
        await Refused(
            "DASO005: 'Small' can't name an experiment; use lower-case letters and digits, with single dashes between them", Define("Small", "batch"));
        await Refused(
            "DASO017: Parameter 'Batch' has the option --link, which every suite has already; set 'Option' to another name", Define("small", "link"));
        await Refused(
            "DASO016: Parameters 'Batch' and 'Batch' both have the option --batch; set 'Option' on one of them", Define("small", "batch", "batch"));
        await Refused(
            "DASO040: Option --batch is integer in experiment 'small' and text in 'other' of the same suite; set 'Option' on one of the parameters",
            s_small,
            Define("other", [new ParameterDefinition("Batch", "batch", "text", ["narrow"], "")]));
    }

    [Fact]
    public void The_options_that_no_parameter_may_have_are_those_of_the_command()
    {
        IEnumerable<string> suite = SuiteCommand.Create([Define("small")], SuiteExecution.Run).Subcommands.Single().Options
            .Select(option => option.Name[2..]);
        IEnumerable<string> launch = LaunchCommand.Create([]).Options.Select(option => option.Name[2..]);
        Assert.Equal(
            [.. suite.Concat(launch).Concat(["help", "version", Daso.LibTorch.Installation.Option[2..]]).Order(StringComparer.Ordinal)],
            BuiltInOptions.Names.Order(StringComparer.Ordinal));
    }

    private static async Task Refused(string message, params ExperimentDefinition[] experiments)
    {
        AppRun run = await AppRun.Of(experiments, "list");
        Assert.Equal((2, "", $"error: {message}\n"), (run.ExitCode, run.Output, run.Error));
    }

    private static ExperimentDefinition Define(string name, params string[] options) =>
        Define(name, [.. options.Select(option => new ParameterDefinition("Batch", option, "integer", ["16"], "Images."))]);

    private static ExperimentDefinition Define(string name, ParameterDefinition[] parameters, string suite = "sample") => new()
    {
        Suite = suite,
        Name = name,
        Summary = $"About {name}.",
        Parameters = parameters,
        Strategies = [new StrategyDefinition("ddp", true)],
        Seeds = [1],
        Steps = 200,
        Tiers = [new TierDefinition("tiny", null, 20) { Parameters = [new TierParameter("batch", ["4", "8"])] }],
        References = [new ReferenceDefinition("laptop", "ddp", "step-time", 12.5, null, 0.1, "ms", "tiny")],
        Tags = [$"of-{name}"],
        Create = values => new ExperimentSetup(
            new ResNetSpec { Depth = 18, Classes = 10 },
            new SyntheticImages { BatchPerRank = values.Integer("batch") },
            new SgdSpec(0.9, 0),
            new ConstantRateSpec(0.1),
            [new DdpSpec()]),
    };
}
