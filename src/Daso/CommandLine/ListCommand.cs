using System.CommandLine;
using Daso.Analysis;
using Daso.Experiments;
using Spectre.Console;

namespace Daso.CommandLine;

/// <summary><c>list</c>: the suites with their experiments and parameters.</summary>
internal static class ListCommand
{
    internal static Command Create(IReadOnlyList<ExperimentDefinition> experiments)
    {
        var command = new Command("list", "Shows the suites, their experiments and their parameters.");
        command.SetAction(_ => Show(experiments, SpeedupTable.ConsoleFor(Console.Out)));
        return command;
    }

    private static void Show(IReadOnlyList<ExperimentDefinition> experiments, IAnsiConsole console)
    {
        foreach (IGrouping<string, ExperimentDefinition> suite in experiments.GroupBy(experiment => experiment.Suite))
        {
            console.MarkupLineInterpolated($"[bold]{suite.Key}[/]");
            foreach (ExperimentDefinition experiment in suite)
            {
                console.WriteLine($"  {experiment.Name}: {experiment.Summary}");
                console.WriteLine($"    strategies: {string.Join(", ", experiment.Strategies.Select(s => s.IsBaseline ? $"{s.Name} (baseline)" : s.Name))}");
                console.WriteLine($"    epochs {experiment.Epochs}, seeds {string.Join(", ", experiment.Seeds)}, link {experiment.Link ?? "unlimited"}");
                foreach (ParameterDefinition parameter in experiment.Parameters)
                    console.WriteLine($"    --{parameter.Option} {string.Join(", ", parameter.Values)}: {parameter.Help}");
            }
        }
    }
}
