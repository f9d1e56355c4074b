using System.Globalization;
using Daso.Recording;
using Daso.Specification;
using Spectre.Console;

namespace Daso.Analysis;

/// <summary>Shows a summary: one table for each experiment's variant, a row for each strategy.</summary>
public static class SpeedupTable
{
    private const int PlainWidth = 160;
    private const int WidthOfRows = 150;

    private static readonly (string Column, string Meaning)[] s_legend =
    [
        ("Step", "the slowest rank's time: median ± median absolute deviation, then p10…p90, over the steps of all seeds"),
        ("…/s", "of all ranks over the training time, median over seeds"),
        ("Training", "time of all epochs without evaluation, median over seeds"),
        ("vs", "training time over the baseline's with the same seed: median (min…max); below 1 is faster"),
        ("To", "training time up to the end of the first epoch with this quality: median (seeds that reached it / seeds)"),
        ("accuracy, …", "the quality on held-out data after the last epoch: mean ± standard deviation over seeds"),
        ("Sent", "bytes from a node to other nodes in a step"),
        ("Waits", "share of step time that waits: inside the node + between nodes"),
        ("Alloc", "managed bytes that a rank allocates in a step, median"),
    ];

    /// <summary>
    /// A console for results: on a terminal with its colours and width (none with NO_COLOR), elsewhere plain text as wide as the table.
    /// </summary>
    /// <param name="output">Where it writes.</param>
    public static IAnsiConsole ConsoleFor(TextWriter output)
    {
        var settings = new AnsiConsoleSettings { Out = new AnsiConsoleOutput(output) };
        if (settings.Out.IsTerminal)
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
            console.Write(console.Profile.Width < WidthOfRows ? Columns(experiment) : Rows(experiment));
            console.WriteLine();
        }

        console.Write(Legend());
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

    /// <summary>A row for each strategy.</summary>
    private static Table Rows(ExperimentSummary experiment)
    {
        Table table = Empty(Headers(experiment.Plan));
        foreach (StrategySummary strategy in experiment.Strategies)
            table.AddRow(Cells(experiment.Plan, strategy));
        return table;
    }

    /// <summary>A column for each strategy, for narrow terminals.</summary>
    private static Table Columns(ExperimentSummary experiment)
    {
        string[] headers = Headers(experiment.Plan);
        Markup[][] columns = [.. experiment.Strategies.Select(strategy => Cells(experiment.Plan, strategy))];
        Table table = Empty([headers[0], .. experiment.Strategies.Select(strategy => strategy.Strategy)]);
        for (int i = 1; i < headers.Length; i++)
            table.AddRow([Cell(headers[i]), .. columns.Select(column => column[i])]);
        return table;
    }

    private static Table Empty(string[] headers)
    {
        Table table = new Table().Border(TableBorder.Rounded);
        for (int i = 0; i < headers.Length; i++)
            table.AddColumn(new TableColumn(Markup.Escape(headers[i])).Alignment(i == 0 ? Justify.Left : Justify.Right));
        return table;
    }

    private static string Title(RecordedCluster cluster, PlannedExperiment plan)
    {
        string link = plan.Link is RecordedLink emulated
            ? $"{Quantity.BitRate(emulated.BitsPerSecond)}, {Latency(emulated.LatencyNs)}"
            : cluster.HasRealLinks ? "real (MPI)" : "unlimited";
        string seeds = (plan.Seeds.Count == 1 ? "seed " : "seeds ") + string.Join(", ", plan.Seeds);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{plan.Name}: {cluster.Nodes} × {cluster.RanksPerNode} ranks on {cluster.Device}; link {link}; {seeds}; "
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
        plan.Target is null ? "To target" : $"To {Describe(plan.Target)}",
        plan.Target?.Metric ?? "accuracy",
        "Sent",
        "Waits",
        "Alloc",
    ];

    private static Markup[] Cells(PlannedExperiment plan, StrategySummary strategy) =>
    [
        Cell(strategy.Strategy),
        Cell(Quantity.Durations(strategy.StepNs.Median, " ± ", strategy.StepNs.MedianAbsoluteDeviation)),
        Cell(Quantity.Durations(strategy.StepNs.P10, "…", strategy.StepNs.P90)),
        Cell(Quantity.Count(strategy.ItemsPerSecond.Median)),
        Cell(Quantity.Duration(strategy.TrainingNs.Median)),
        Cell(Relative(strategy), strategy.RelativeTraining.Median switch { < 1 => "green", > 1 => "red", _ => null }),
        Cell(TimeToTarget(plan, strategy)),
        Cell(Quality(strategy.FinalQuality)),
        Cell(Quantity.Bytes(strategy.BytesPerNodeStep)),
        Cell(Waits(strategy)),
        Cell(Quantity.Bytes(strategy.AllocatedBytesPerStep)),
    ];

    private static Markup Cell(string text, string? colour = null) =>
        new(colour is null ? Markup.Escape(text) : $"[{colour}]{Markup.Escape(text)}[/]");

    private static string Relative(StrategySummary strategy)
    {
        Spread ratio = strategy.RelativeTraining;
        string median = Quantity.Fixed(ratio.Median, 2);
        return ratio.Count < 2 || strategy.IsBaseline
            ? median
            : $"{median} ({Quantity.Fixed(ratio.Minimum, 2)}…{Quantity.Fixed(ratio.Maximum, 2)})";
    }

    private static string TimeToTarget(PlannedExperiment plan, StrategySummary strategy)
    {
        if (plan.Target is null || strategy.Cells.Count == 0)
            return Quantity.Missing;
        Spread reached = strategy.TimeToTargetNs;
        string time = reached.Count == 0 ? "missed" : Quantity.Duration(reached.Median);
        return FormattableString.Invariant($"{time} ({reached.Count}/{strategy.Cells.Count})");
    }

    private static string Quality(Spread quality) => quality.Count < 2
        ? Quantity.Fixed(quality.Mean, 3)
        : $"{Quantity.Fixed(quality.Mean, 3)} ± {Quantity.Fixed(quality.StandardDeviation, 3)}";

    private static string Waits(StrategySummary strategy) => strategy.Cells.Count == 0
        ? Quantity.Missing
        : string.Create(
            CultureInfo.InvariantCulture,
            $"{strategy.WaitShare * 100:F0} % ({strategy.LocalWaitShare * 100:F0} + {strategy.GlobalWaitShare * 100:F0})");

    private static string Describe(TargetQuality target) => string.Create(
        CultureInfo.InvariantCulture,
        $"{(target.Direction == TargetDirection.AtLeast ? '≥' : '≤')} {target.Value}");

    private static Grid Legend()
    {
        Grid legend = new Grid().AddColumn(new GridColumn().NoWrap()).AddColumn();
        foreach ((string column, string meaning) in s_legend)
            legend.AddRow(new Text(column), new Text(meaning));
        return legend;
    }
}
