using System.CommandLine;
using System.Globalization;
using Daso.Analysis;
using Daso.Cluster;
using Daso.Experiments;
using Spectre.Console;

namespace Daso.CommandLine;

/// <summary><c>list</c>: the suites with their experiments, a line each; <c>list NAME</c>: all that experiments say of themselves.</summary>
internal static class ListCommand
{
    internal static Command Create(IReadOnlyList<ExperimentDefinition> experiments)
    {
        var name = new Argument<string?>("name")
        {
            Description = "A suite or an experiment to show with its strategies, parameters, tiers and references.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var tag = new Option<string?>("--tag") { Description = "Shows only the experiments that have this tag." };
        var command = new Command("list", "Shows the suites with their experiments; with a name what there is to choose.") { name, tag };
        command.SetAction(parsed =>
        {
            IAnsiConsole console = SpeedupTable.ConsoleFor(parsed.InvocationConfiguration.Output);
            IEnumerable<ExperimentDefinition> chosen = Tagged(experiments, parsed.GetValue(tag));
            if (parsed.GetValue(name) is not string wanted)
            {
                ShowNames(chosen, console);
                return;
            }

            IReadOnlyList<string> failed = Show(Named(chosen, wanted), console);
            if (failed.Count > 0)
                throw new UserErrorException($"list: {string.Join(", ", failed)}: wrong; the lines that start with error: say why");
        });
        return command;
    }

    private static IEnumerable<ExperimentDefinition> Tagged(IReadOnlyList<ExperimentDefinition> experiments, string? tag)
    {
        string[] known = [.. experiments.SelectMany(experiment => experiment.Tags).Distinct().Order(StringComparer.Ordinal)];
        if (tag is not null && !known.Contains(tag))
            throw new UserErrorException($"--tag {tag}: no experiment has it{NearestName.Hint(tag, known)}");
        return tag is null ? experiments : experiments.Where(experiment => experiment.Tags.Contains(tag));
    }

    private static IEnumerable<ExperimentDefinition> Named(IEnumerable<ExperimentDefinition> experiments, string name)
    {
        ExperimentDefinition[] named = [.. experiments.Where(experiment => experiment.Suite == name || experiment.Name == name)];
        return named.Length > 0
            ? named
            : throw new UserErrorException(NearestName.Unknown(
                "suite or experiment", name, [.. experiments.SelectMany(one => (string[])[one.Suite, one.Name]).Distinct()]));
    }

    private static void ShowNames(IEnumerable<ExperimentDefinition> experiments, IAnsiConsole console)
    {
        foreach (IGrouping<string, ExperimentDefinition> suite in experiments.GroupBy(experiment => experiment.Suite))
        {
            console.MarkupLineInterpolated($"[bold]{suite.Key}[/]");
            foreach (ExperimentDefinition experiment in suite)
                console.WriteLine(Cut($"  {experiment.Name}: {FirstSentence(experiment.Summary)}", console.Profile.Width));
        }

        console.WriteLine("list NAME: strategies, parameters, tiers, references");
    }

    /// <summary>What a line has room for.</summary>
    internal static string FirstSentence(string summary)
    {
        int end = summary.IndexOf(". ", StringComparison.Ordinal);
        return end < 0 ? summary : summary[..(end + 1)];
    }

    private static string Cut(string line, int width) => line.Length <= width ? line : line[..(width - 1)] + '…';

    /// <summary>Shows the experiments, with what is wrong with one in its place; gives the names of those.</summary>
    private static IReadOnlyList<string> Show(IEnumerable<ExperimentDefinition> experiments, IAnsiConsole console)
    {
        var failed = new List<string>();
        foreach (IGrouping<string, ExperimentDefinition> suite in experiments.GroupBy(experiment => experiment.Suite))
        {
            console.MarkupLineInterpolated($"[bold]{suite.Key}[/]");
            foreach (ExperimentDefinition experiment in suite)
            {
                try
                {
                    Show(experiment, console);
                }
                catch (UserErrorException mistake)
                {
                    console.WriteLine($"    error: {mistake.Message.ReplaceLineEndings(" ")}");
                    failed.Add(experiment.Name);
                }
            }
        }

        return failed;
    }

    private static void Show(ExperimentDefinition experiment, IAnsiConsole console)
    {
        console.WriteLine($"  {experiment.Name}: {experiment.Summary}");
        console.WriteLine($"    strategies: {string.Join(", ", experiment.Strategies.Select(s => s.IsBaseline ? $"{s.Name} (baseline)" : s.Name))}");
        string seeds = string.Join(", ", experiment.Seeds), link = experiment.Link ?? "unlimited";
        console.WriteLine($"    {PlanPrinter.Length(experiment.Epochs, experiment.Steps)}, seeds {seeds}, link {link}");
        foreach (ParameterDefinition parameter in experiment.Parameters)
            console.WriteLine($"    --{parameter.Option} {string.Join(", ", parameter.Values)}: {parameter.Help}");
        foreach (TierDefinition tier in experiment.Tiers)
            console.WriteLine($"    --tier {tier.Name}: {Describe(tier)}");
        foreach (ReferenceDefinition reference in experiment.References)
            console.WriteLine($"    on {reference.System}: {Describe(reference)}");
        if (experiment.Tags.Count > 0)
            console.WriteLine($"    tags: {string.Join(", ", experiment.Tags)}");
        foreach (ExperimentVariant variant in Variants(experiment))
            console.WriteLine($"    specification {PlanPrinter.Short(variant)} of {variant.Name}");
    }

    private static string Describe(TierDefinition tier) => string.Join(", ",
    [
        .. new[] { PlanPrinter.Length(tier.Epochs, tier.Steps) }.Where(length => length.Length > 0),
        .. tier.Parameters.Select(set => $"--{set.Option} {string.Join(' ', set.Values)}"),
    ]);

    private static string Describe(ReferenceDefinition reference)
    {
        string tier = reference.Tier is null ? "" : $", tier {reference.Tier}";
        string unit = reference.Unit == "1" ? "" : $" {reference.Unit}";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{reference.Strategy}'s {reference.Metric} is {reference.Value}{unit} ({Share(reference.Lower)}…{Share(reference.Upper)}){tier}");
    }

    private static string Share(double? bound) =>
        bound is double share ? string.Create(CultureInfo.InvariantCulture, $"{share * 100:+0.##;-0.##;0} %") : "any";

    /// <summary>As they run without options; the cluster is no part of them.</summary>
    private static IReadOnlyList<ExperimentVariant> Variants(ExperimentDefinition experiment) =>
        SuitePlan.Expand(experiment.Suite, [experiment], new RunOptions { Topology = new Topology(2, 2) }).Variants;
}
