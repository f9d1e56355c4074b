using System.Globalization;
using Daso.Recording;
using Spectre.Console;

namespace Daso.Analysis;

/// <summary>Shows a summary: one table for each experiment's variant, a row for each strategy.</summary>
internal static class SpeedupTable
{
    private const int PlainWidth = 160;

    private static readonly ResultColumn[] s_columns =
    [
        ResultColumns.MarkedStrategy, ResultColumns.Seeds, ResultColumns.Step, ResultColumns.StepRange, ResultColumns.Rate, ResultColumns.Training,
        ResultColumns.JudgedStepRatio, ResultColumns.ToTarget, ResultColumns.Quality, ResultColumns.Sent,
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

    /// <summary>Writes the tables (turned by 90° where the console is narrow), what they say in words, and the cells that are missing.</summary>
    /// <param name="summary">What to show.</param>
    /// <param name="console">Where; see <see cref="ConsoleFor"/>.</param>
    /// <param name="hasLegend">Whether it says what the columns mean, or only where that is found.</param>
    /// <param name="ranks">Whether the strategies are also shown in the order in which they reach the target.</param>
    public static void Write(RunSummary summary, IAnsiConsole console, bool hasLegend, bool ranks = false)
    {
        foreach (ExperimentSummary experiment in summary.Experiments)
        {
            console.WriteLine(Title(summary.Cluster, experiment.Plan));
            if (summary.WarningOf(experiment.Plan) is string warning)
                console.MarkupLine($"[red]{Markup.Escape(warning)}[/]");
            TableLayout.Write(console, experiment, s_columns);
            WriteNotes(experiment, summary.Cluster, console);
            foreach (string sentence in Findings.Of(experiment))
                console.WriteLine(sentence);
            BreakdownTable.Write(experiment, console);
            if (ranks)
                RankingTable.Write(experiment, console);
            console.WriteLine();
        }

        if (hasLegend)
            TableLayout.WriteLegend(console, [.. ResultColumn.LegendOf(s_columns), .. BreakdownTable.Legend, .. ranks ? RankingTable.Legend : []]);
        else
            console.WriteLine("what the columns mean: --legend, also with --resume of a run that is complete");
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
    private static void WriteNotes(ExperimentSummary experiment, RecordedCluster cluster, IAnsiConsole console)
    {
        foreach (StrategySummary strategy in experiment.Strategies.Where(strategy => strategy.FasterThanPlausible))
            console.WriteLine($"{ResultColumns.LessWorkMark} {strategy.Strategy} did less work, so that its times do not compare: {strategy.LessWork}");
        foreach (string note in Stops.Notes(experiment).Concat(LateRank.Notes(experiment, cluster)))
            console.WriteLine(note);
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
}
