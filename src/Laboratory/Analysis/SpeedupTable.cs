using System.Globalization;
using Daso.Recording;
using Spectre.Console;

namespace Daso.Analysis;

/// <summary>Shows a summary: one table for each experiment's variant, a row for each strategy.</summary>
public static class SpeedupTable
{
    private const int PlainWidth = 160;
    private const string Mark = "†";

    private static readonly (string Column, string Meaning)[] s_legend =
    [
        ("Step", "the slowest rank's time: median ± median absolute deviation, then p10…p90, over the steps of all seeds"),
        ("…/s", "of all ranks over the training time, median over seeds"),
        ("Training", "time of all epochs without evaluation, median over seeds"),
        ("vs", "step time over the baseline's with the same seed; 95 % interval; what it says at ± 2 % (–: too few steps for an interval)"),
        ("To", "training time up to the end of the first epoch with this quality: median (seeds that reached it / seeds)"),
        ("accuracy, …", "the quality on held-out data after the last epoch: mean ± standard deviation over seeds"),
        ("Sent", "bytes from a node to other nodes in a step"),
    ];

    /// <summary>
    /// A console for results: on a terminal with its colours and width (none with NO_COLOR), elsewhere, and where TERM is dumb, plain text as
    /// wide as the table.
    /// </summary>
    /// <param name="output">Where it writes.</param>
    public static IAnsiConsole ConsoleFor(TextWriter output)
    {
        var settings = new AnsiConsoleSettings { Out = new AnsiConsoleOutput(output) };
        if (settings.Out.IsTerminal && Environment.GetEnvironmentVariable("TERM") != "dumb")
            return AnsiConsole.Create(settings);

        settings.Ansi = AnsiSupport.No;
        settings.ColorSystem = ColorSystemSupport.NoColors;
        settings.Interactive = InteractionSupport.No;
        IAnsiConsole console = AnsiConsole.Create(settings);
        console.Profile.Width = PlainWidth;
        console.Profile.Capabilities.Unicode = true;
        return console;
    }

    /// <summary>Writes the tables (turned by 90° where the console is narrow), what their columns mean, and the cells that are missing.</summary>
    /// <param name="summary">What to show.</param>
    /// <param name="console">Where; see <see cref="ConsoleFor"/>.</param>
    public static void Write(RunSummary summary, IAnsiConsole console)
    {
        foreach (ExperimentSummary experiment in summary.Experiments)
        {
            console.WriteLine(Title(summary.Cluster, experiment.Plan));
            if (summary.WarningOf(experiment.Plan) is string warning)
                console.MarkupLine($"[red]{Markup.Escape(warning)}[/]");
            TableLayout.Write(
                console,
                Headers(experiment.Plan),
                [.. experiment.Strategies.Select(strategy => strategy.Strategy)],
                [.. experiment.Strategies.Select(strategy => Cells(experiment.Plan, strategy))]);
            WriteNotes(experiment, console);
            BreakdownTable.Write(experiment, console);
            console.WriteLine();
        }

        TableLayout.WriteLegend(console, [.. s_legend, .. BreakdownTable.Legend]);
        foreach (IncompleteCell missing in summary.Incomplete)
        {
            console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"left out: {missing.Cell.Experiment}, {missing.Cell.Strategy}, seed {missing.Cell.Seed}: {missing.Reason}"));
        }
    }

    /// <summary>Writes the summary as JSON, the same as summary.json.</summary>
    /// <param name="summary">What to show.</param>
    /// <param name="output">Where.</param>
    public static void WriteJson(RunSummary summary, TextWriter output) => output.WriteLine(summary.ToJson());

    /// <summary>What a reader of the table must not miss.</summary>
    private static void WriteNotes(ExperimentSummary experiment, IAnsiConsole console)
    {
        foreach (StrategySummary strategy in experiment.Strategies.Where(strategy => strategy.FasterThanPlausible))
            console.WriteLine($"{Mark} {strategy.Strategy} did less work, so that its times do not compare: {strategy.LessWork}");
        foreach (string stop in Stops.Notes(experiment))
            console.WriteLine(stop);
        if (experiment.Strategies.Any(strategy => strategy.Ratio?.Scope == IntervalScope.OneTraining))
            console.WriteLine("one training: no verdict; the intervals hold the noise inside these trainings, not what another training would differ by");
    }

    private static string Title(RecordedCluster cluster, PlannedExperiment plan)
    {
        string link = plan.Link is RecordedLink emulated
            ? $"{Quantity.BitRate(emulated.BitsPerSecond)}, {Latency(emulated.LatencyNs)}"
            : cluster.HasRealLinks ? "real (MPI)" : "unlimited";
        string seeds = (plan.Seeds.Count == 1 ? "seed " : "seeds ") + string.Join(", ", plan.Seeds);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{plan.Name}: {cluster.Nodes} × {cluster.RanksPerNode} ranks on {cluster.Device}{plan.InPrecision()}; link {link}; {seeds}; "
                + $"baseline {plan.Baseline}");
    }

    private static string Latency(long latencyNs) => latencyNs % 1_000_000 == 0
        ? FormattableString.Invariant($"{latencyNs / 1_000_000} ms")
        : FormattableString.Invariant($"{latencyNs / 1000.0:0.###} µs");

    private static string[] Headers(PlannedExperiment plan) =>
    [
        "Strategy",
        "Step",
        "p10…p90",
        $"{plan.Unit}/s",
        "Training",
        $"vs {plan.Baseline}",
        plan.Target is null ? "To target" : $"To {StrategyTexts.Target(plan.Target)}",
        plan.QualityMetric(),
        "Sent",
    ];

    private static Markup[] Cells(PlannedExperiment plan, StrategySummary strategy) =>
    [
        TableLayout.Cell(strategy.FasterThanPlausible ? $"{strategy.Strategy} {Mark}" : strategy.Strategy),
        TableLayout.Cell(Quantity.Durations(strategy.StepNs.Median, " ± ", strategy.StepNs.MedianAbsoluteDeviation)),
        TableLayout.Cell(Quantity.Durations(strategy.StepNs.P10, "…", strategy.StepNs.P90)),
        TableLayout.Cell(Quantity.Count(strategy.ItemsPerSecond.Median)),
        TableLayout.Cell(Quantity.Duration(strategy.TrainingNs.Median)),
        strategy.IsBaseline ? TableLayout.Cell("1") : TableLayout.Cell(strategy.Ratio),
        TableLayout.Cell(StrategyTexts.TimeToTarget(plan, strategy)),
        TableLayout.Cell(StrategyTexts.Quality(strategy.FinalQuality)),
        TableLayout.Cell(Quantity.Bytes(strategy.BytesPerNodeStep)),
    ];
}
