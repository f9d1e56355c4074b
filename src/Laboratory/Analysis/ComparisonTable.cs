using Spectre.Console;

namespace Daso.Analysis;

/// <summary>Shows a comparison: what differs between the sides first, then a table for each experiment's variant.</summary>
internal static class ComparisonTable
{
    /// <summary>What is said, loudly, of a forced comparison.</summary>
    internal const string Warning =
        "WARNING: A and B have different specifications: they are different benchmarks, and their numbers do not compare.";

    /// <summary>Writes it.</summary>
    public static void Write(RunComparison comparison, IAnsiConsole console)
    {
        if (!comparison.IsSameBenchmark)
            console.MarkupLine($"[red]{Markup.Escape(Warning)}[/]");
        WriteMissing(console, "A", comparison.A);
        WriteMissing(console, "B", comparison.B);
        WriteSide(console, "A", comparison.A);
        WriteSide(console, "B", comparison.B);
        WriteDifferences(console, "specification", comparison.Specification);
        WriteDifferences(console, "commit and environment", comparison.Environment);
        console.WriteLine();
        foreach (ExperimentComparison experiment in comparison.Experiments)
        {
            console.WriteLine(experiment.Name);
            TableLayout.Write(
                console,
                Headers(experiment),
                [.. experiment.Strategies.Select(strategy => strategy.Strategy)],
                [.. experiment.Strategies.Select(Cells)]);
            console.WriteLine();
        }

        TableLayout.WriteLegend(console, Legend(comparison));
        if (!comparison.IsSameBenchmark)
            console.MarkupLine($"[red]{Markup.Escape(Warning)}[/]");
    }

    private static void WriteMissing(IAnsiConsole console, string name, ComparedSide side)
    {
        foreach (CutRun cut in side.Missing)
            console.MarkupLine($"[red]{Markup.Escape($"INCOMPLETE: {name}: {cut.InWords()}; only seeds that both sides have are compared")}[/]");
    }

    private static void WriteSide(IAnsiConsole console, string name, ComparedSide side) =>
        console.WriteLine(FormattableString.Invariant(
            $"{name}: {side.Path}; specification {side.SpecificationHash[..12]}; runs: {side.Runs.Count} ({string.Join(", ", side.Runs)})"));

    private static void WriteDifferences(IAnsiConsole console, string what, IReadOnlyList<SettingDifference> differences)
    {
        console.WriteLine(differences.Count == 0 ? $"{what}: the same" : $"{what}: differs");
        foreach (SettingDifference difference in differences)
            console.WriteLine($"  {RunComparison.Show(difference)}");
    }

    private static string[] Headers(ExperimentComparison experiment) =>
    [
        "Strategy", "Seeds", "Step A", "Step B", "B / A", $"B / A of the ratio to {experiment.Baseline}", $"{experiment.QualityMetric} A", "B", "B − A",
    ];

    private static Markup[] Cells(StrategyComparison strategy) =>
    [
        TableLayout.Cell(strategy.Strategy),
        TableLayout.Cell(string.Join(", ", strategy.Seeds)),
        TableLayout.Cell(Quantity.Duration(strategy.StepNsA)),
        TableLayout.Cell(Quantity.Duration(strategy.StepNsB)),
        Judged(strategy.Step),
        Judged(strategy.Relative),
        TableLayout.Cell(Quantity.Fixed(strategy.Quality.A.Mean, 3)),
        TableLayout.Cell(Quantity.Fixed(strategy.Quality.B.Mean, 3)),
        TableLayout.Cell($"{Quantity.Fixed(strategy.Quality.Difference, 3)} ± {Quantity.Fixed(strategy.Quality.HalfWidth, 3)}"),
    ];

    private static Markup Judged(PairedRatio? ratio) => TableLayout.Cell(StrategyTexts.JudgedRatio(ratio), StrategyTexts.ColourOf(ratio));

    private static IEnumerable<(string Column, string Meaning)> Legend(RunComparison comparison)
    {
        PairedRatio narrowest = comparison.Experiments.SelectMany(experiment => experiment.Strategies).Select(strategy => strategy.Step)
            .MinBy(step => step.Scope)!;
        string scope = narrowest.Scope switch
        {
            IntervalScope.Runs => "over runs, their seeds and blocks of steps",
            IntervalScope.Seeds => "over seeds and blocks of steps: another run may differ by more",
            _ => "over blocks of steps of one training a side: another training may differ by more",
        };
        yield return ("Seeds", "those that both sides have completed: what is compared");
        yield return ("Step", "mean time of a step, the slowest rank's; geometric mean over trainings");
        yield return ("B / A", FormattableString.Invariant(
            $"step time of B over that of A; 95 % interval {scope}; what it says at ± {narrowest.Threshold * 100:0.###} %"));
        yield return ("… of the ratio", "likewise of the step time over the baseline's: the machine's drift between A and B cancels");
        yield return ("B − A", "final quality, mean of the differences seed by seed ± half of their 95 % interval (paired t)");
    }
}
