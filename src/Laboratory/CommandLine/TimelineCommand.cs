using System.CommandLine;
using System.Globalization;
using Daso.Analysis;
using Daso.Experiments;
using Daso.Recording;
using Daso.Reporting;

namespace Daso.CommandLine;

/// <summary><c>timeline RUN</c>: a training's spans as a Chrome trace, for Perfetto.</summary>
internal sealed class TimelineCommand
{
    private readonly Argument<string> _run = new("RUN") { Description = "Folder of the run." };
    private readonly Option<string?> _experiment = new("--experiment") { Description = "Which experiment, where the run has several." };
    private readonly Option<string?> _strategy = new("--strategy") { Description = "Which strategy, where the run has several." };
    private readonly Option<int?> _seed = new("--seed") { Description = "Which seed. Default: the first that is complete." };
    private readonly Option<int?> _epoch = new("--epoch") { Description = "Steps of this epoch only, from 0." };
    private readonly Option<string?> _steps = new("--steps")
    {
        Description = "Steps A..B, from 0 over the whole training, both included. Default: all.",
    };
    private readonly Option<string?> _out = new("--out") { Description = "File to write. Default: timeline.json in the run's folder." };

    private TimelineCommand()
    {
    }

    internal static Command Create()
    {
        var options = new TimelineCommand();
        var command = new Command("timeline", "Writes what every rank did in a range of steps as a Chrome trace; ui.perfetto.dev opens it.")
        {
            options._run, options._experiment, options._strategy, options._seed, options._epoch, options._steps, options._out,
        };
        command.SetAction(options.Run);
        return command;
    }

    private void Run(ParseResult parsed)
    {
        var run = RecordedRun.Open(parsed.GetValue(_run)!);
        CellId cell = CellOf(run, parsed);
        (int first, int? last) = parsed.GetValue(_steps) is string text ? Range(text) : (0, null);
        var steps = new StepRange(first, last, parsed.GetValue(_epoch));
        string path = parsed.GetValue(_out) ?? Path.Combine(run.Folder.Path, "timeline.json");
        long spans = ChromeTrace.Write(path, run, cell, steps);
        TextWriter error = parsed.InvocationConfiguration.Error;
        if (spans == 0)
            error.WriteLine($"warning: the training has no steps {steps}; the timeline is empty");
        error.WriteLine(FormattableString.Invariant(
            $"{cell.Experiment}, {cell.Strategy}, seed {cell.Seed}: {spans} spans of {run.Manifest.Cluster.Ranks()} ranks"));
        parsed.InvocationConfiguration.Output.WriteLine(path);
    }

    /// <exception cref="UserErrorException">The run has no such training, or several and none was chosen.</exception>
    private CellId CellOf(RecordedRun run, ParseResult parsed)
    {
        CellId[] complete = [.. run.Manifest.Experiments.SelectMany(experiment => experiment.Cells()).Where(run.Complete().Contains)];
        if (complete.Length == 0)
            throw new UserErrorException($"timeline {parsed.GetValue(_run)}: no training of the run is complete");
        string experiment = Choose(_experiment.Name, parsed.GetValue(_experiment), [.. complete.Select(cell => cell.Experiment).Distinct()]);
        complete = [.. complete.Where(cell => cell.Experiment == experiment)];
        string strategy = Choose(_strategy.Name, parsed.GetValue(_strategy), [.. complete.Select(cell => cell.Strategy).Distinct()]);
        complete = [.. complete.Where(cell => cell.Strategy == strategy)];
        if (parsed.GetValue(_seed) is not int seed)
            return complete[0];
        return complete.FirstOrDefault(cell => cell.Seed == seed) ?? throw new UserErrorException(
            $"{_seed.Name} {seed}: no complete training of {experiment}, {strategy}; there are {string.Join(", ", complete.Select(cell => cell.Seed))}");
    }

    private static string Choose(string option, string? given, string[] known)
    {
        if (given is not null)
            NearestName.Require(option, [given], known);
        else if (known.Length > 1)
            throw new UserErrorException($"{option}: which? The run has {string.Join(", ", known)}");
        return given ?? known[0];
    }

    /// <summary>Reads "10..20", "10.." or "10".</summary>
    private (int First, int? Last) Range(string text)
    {
        int dots = text.IndexOf("..", StringComparison.Ordinal);
        string first = dots < 0 ? text : text[..dots], last = dots < 0 ? text : text[(dots + 2)..];
        if (Number(first) is int from && (last.Length == 0 ? int.MaxValue : Number(last)) is int to && from <= to)
            return (from, last.Length == 0 ? null : to);
        throw new UserErrorException($"{_steps.Name} {text}: expected steps from 0, as in 100..120");

        static int? Number(string digits) =>
            int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : null;
    }
}
