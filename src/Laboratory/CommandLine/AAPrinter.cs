using System.Globalization;
using Daso.Analysis;
using Daso.Experiments;
using Spectre.Console;

namespace Daso.CommandLine;

/// <summary>Shows what an A/A test found, in tables and in a sentence.</summary>
internal static class AAPrinter
{
    /// <summary>Writes what each experiment's test found.</summary>
    /// <param name="plan">What ran.</param>
    /// <param name="summary">What came out.</param>
    /// <param name="console">Where.</param>
    internal static void Write(SuitePlan plan, RunSummary summary, IAnsiConsole console)
    {
        foreach (ExperimentVariant variant in plan.Variants)
        {
            ExperimentSummary experiment = summary.Experiments.Single(one => one.Plan.Name == variant.Name);
            (string, int)[] order = [.. variant.Cells().Select(cell => (variant.Experiment.Strategies[cell.Strategy].Name, cell.Seed))];
            if (AAFinding.Of(experiment, order) is not AAFinding finding)
            {
                console.WriteLine($"{variant.Name}: no seed has all its trainings; nothing to compare");
                continue;
            }

            Write(variant.Name, finding, console);
        }
    }

    /// <summary>Writes what one experiment's test found.</summary>
    /// <param name="experiment">Its name.</param>
    /// <param name="finding">What was found.</param>
    /// <param name="console">Where.</param>
    internal static void Write(string experiment, AAFinding finding, IAnsiConsole console)
    {
        console.WriteLine($"{experiment}: equal trainings beside each other");
        Table pairs = new Table().Border(TableBorder.Rounded).AddColumns("Pair", "Step time over the other's, 95 %", "Says");
        foreach (AAPair pair in finding.Pairs)
            pairs.AddRow(new Text($"{pair.Name} / {pair.Over}"), new Text(StrategyTexts.Ratio(pair.Ratio)), new Text(StrategyTexts.VerdictOf(pair.Ratio)));
        console.Write(pairs);
        Table places = new Table().Border(TableBorder.Rounded).AddColumns("Place", "Step time over the seed's mean");
        for (int i = 0; i < finding.Places.Count; i++)
            places.AddRow($"{i + 1}", Quantity.Fixed(finding.Places[i], 4));
        console.Write(places);
        console.WriteLine(InWords(finding, CellOrder.SeedsOfWholeDesign(finding.Places.Count)));
        console.WriteLine();
    }

    /// <summary>The finding as a sentence.</summary>
    /// <param name="finding">It.</param>
    /// <param name="wholeDesign">Seeds after which every name had every place and neighbour equally often.</param>
    internal static string InWords(AAFinding finding, int wholeDesign)
    {
        string trained = string.Create(CultureInfo.InvariantCulture, $"{finding.Seeds} seed{(finding.Seeds == 1 ? "" : "s")} of {finding.Steps} steps");
        if (double.IsNaN(finding.Faster))
            return $"With {trained} there are no intervals, and nothing can be told apart: take {wholeDesign} seeds of 64 steps and more.";
        string limits = string.Create(
            CultureInfo.InvariantCulture,
            $"below {finding.Faster:0.000} or above {finding.Slower:0.000} of another's step time");
        if (finding.Seeds == 1)
            return $"With {trained} there are no verdicts; the noise inside these trainings alone would hide what is not {limits}: take {wholeDesign} seeds.";
        return finding.IsBiased
            ? $"With {trained} equal trainings were told apart: the machine was not as quiet as the intervals suppose. Do not trust a difference "
                + $"that is not {limits}, and measure again."
            : $"With {trained} this machine tells a strategy from another if it takes {limits}; equal ones were not told apart.";
    }
}
