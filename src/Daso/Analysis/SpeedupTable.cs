using System.Globalization;
using Daso.Experiments;
using Daso.Recording;
using Spectre.Console;

namespace Daso.Analysis;

/// <summary>Shows a summary: one table for each experiment's variant, a row for each strategy.</summary>
public static class SpeedupTable
{
    private const int PlainWidth = 160;

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

    /// <summary>Writes the tables, what their columns mean, and the cells that are missing.</summary>
    /// <param name="summary">What to show.</param>
    /// <param name="console">Where; see <see cref="ConsoleFor"/>.</param>
    public static void Write(RunSummary summary, IAnsiConsole console)
    {
        foreach (ExperimentSummary experiment in summary.Experiments)
        {
            console.Write(TableOf(summary.Cluster, experiment));
            console.WriteLine(Legend(experiment));
            console.WriteLine();
        }

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

    private static Table TableOf(RecordedCluster cluster, ExperimentSummary experiment)
    {
        Table table = new Table().Border(TableBorder.Rounded).Title(Markup.Escape(Title(cluster, experiment)));
        table.AddColumn(new TableColumn("Strategy"));
        foreach (string header in Headers(experiment))
            table.AddColumn(new TableColumn(Markup.Escape(header)).RightAligned());
        foreach (StrategySummary strategy in experiment.Strategies)
            table.AddRow(Cells(experiment, strategy));
        return table;
    }

    private static string Title(RecordedCluster cluster, ExperimentSummary experiment)
    {
        PlannedExperiment plan = experiment.Plan;
        string link = plan.Link is null ? "unlimited" : $"{Quantity.BitRate(plan.Link.BitsPerSecond)}, {Latency(plan.Link.LatencyNs)}";
        string seeds = (plan.Seeds.Count == 1 ? "seed " : "seeds ") + string.Join(", ", plan.Seeds);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{plan.Name}: {cluster.Nodes} × {cluster.RanksPerNode} ranks on {cluster.Device}, link {link}, {seeds}, baseline {plan.Baseline}");
    }

    private static string Latency(long latencyNs) => latencyNs % 1_000_000 == 0
        ? FormattableString.Invariant($"{latencyNs / 1_000_000} ms")
        : FormattableString.Invariant($"{latencyNs / 1000.0:0.###} µs");

    private static IEnumerable<string> Headers(ExperimentSummary experiment) =>
    [
        "Step",
        "p10…p90",
        $"{experiment.Plan.Unit}/s",
        "Training",
        $"vs {experiment.Plan.Baseline}",
        .. experiment.Plan.Target is TargetQuality target ? [$"To {Describe(target)}"] : Array.Empty<string>(),
        QualityName(experiment),
        "Sent",
        "Waits",
        "Alloc",
    ];

    private static Markup[] Cells(ExperimentSummary experiment, StrategySummary strategy)
    {
        string style = strategy.IsBaseline || !double.IsFinite(strategy.RelativeTraining.Median)
            ? "default"
            : strategy.RelativeTraining.Median < 1 ? "green" : "red";
        string[] texts =
        [
            strategy.Strategy,
            Quantity.Durations(strategy.StepNs.Median, " ± ", strategy.StepNs.MedianAbsoluteDeviation),
            Quantity.Durations(strategy.StepNs.P10, "…", strategy.StepNs.P90),
            Quantity.Count(strategy.ItemsPerSecond.Median),
            Quantity.Duration(strategy.TrainingNs.Median),
            Relative(strategy),
            .. experiment.Plan.Target is null ? Array.Empty<string>() : [TimeToTarget(experiment.Plan, strategy)],
            Quality(strategy.FinalQuality),
            Quantity.Bytes(strategy.BytesPerNodeStep),
            Waits(strategy),
            Quantity.Bytes(strategy.AllocatedBytesPerStep),
        ];
        return [.. texts.Select((text, i) => i == RelativeColumn ? new Markup($"[{style}]{Markup.Escape(text)}[/]") : new Markup(Markup.Escape(text)))];
    }

    private const int RelativeColumn = 5;

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
        if (strategy.Cells.Count == 0)
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
        : $"{Quantity.Share(strategy.WaitShare)} ({Quantity.Fixed(strategy.LocalWaitShare * 100, 1)} + "
            + $"{Quantity.Fixed(strategy.GlobalWaitShare * 100, 1)})";

    private static string Describe(TargetQuality target) => string.Create(
        CultureInfo.InvariantCulture,
        $"{target.Metric} {(target.Direction == TargetDirection.AtLeast ? '≥' : '≤')} {target.Value}");

    private static string QualityName(ExperimentSummary experiment) => experiment.Plan.Target?.Metric ?? "accuracy";

    private static string Legend(ExperimentSummary experiment)
    {
        PlannedExperiment plan = experiment.Plan;
        string target = plan.Target is null
            ? ""
            : $" To {Describe(plan.Target)}: training time to the end of the first epoch that reaches it on held-out data, median (seeds that "
                + "did / seeds).";
        return
            "Step: the slowest rank's time, median ± median absolute deviation, then its p10…p90, over the steps of all seeds. "
            + $"Training: all epochs without evaluation, median over seeds; {plan.Unit}/s: of all ranks over that time. "
            + $"vs {plan.Baseline}: training time over {plan.Baseline}'s with the same seed, median (min…max); below 1 is faster."
            + target
            + $" {QualityName(experiment)}: on held-out data after the last epoch, mean ± standard deviation over seeds. "
            + "Sent: bytes a node and step. Waits: share of step time inside the node + between nodes. "
            + "Alloc: managed bytes a rank and step, median.";
    }
}
