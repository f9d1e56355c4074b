using System.Globalization;
using Daso.Analysis;
using Daso.Reproduction;
using Spectre.Console;

namespace Daso.CommandLine;

/// <summary>Shows what the model says of the paper's comparison: a column for each number of nodes.</summary>
internal static class SavingPrinter
{
    private const string Legend =
        "ideal: device-direct MPI that progresses by itself, full duplex, equally fast ranks, Horovod by NCCL over all cards, a loss that "
        + "always improves. Range: all combinations of the terms, which are not known of the paper's runs. Alone: the ideal with this term. "
        + "Without it: the combination that saves most, this term withdrawn; – where that combination does not have it. The last two rows "
        + "are no part of the range.";

    internal static void Write(SavingPrediction saving, IAnsiConsole console)
    {
        console.WriteLine();
        console.MarkupLine("[bold]Predicted: training time that DASO saves of Horovod's (negative: it loses), × 4 ranks a node[/]");
        console.Write(Range(saving));
        console.Write(Terms(saving));
        console.WriteLine(Legend);
        console.WriteLine();
        console.MarkupLineInterpolated(
            CultureInfo.InvariantCulture, $"[bold]What it takes to save {saving.Claimed * 100:0} %, all else ideal[/]");
        console.Write(Thresholds(saving));
    }

    private static Table Range(SavingPrediction saving)
    {
        Table table = Empty(saving, "");
        Row(table, "saving, ideal", saving.Saving.Select(range => Quantity.Percent(range.Ideal)));
        Row(table, "saving, range", saving.Saving.Select(range => $"{Quantity.Percent(range.Low)} … {Quantity.Percent(range.High)}"));
        Row(table, "Horovod's time that is not computing, ideal", saving.Overhead.Select(range => Quantity.Percent(range.Ideal)));
        Row(table, "the same, range", saving.Overhead.Select(range => $"{Quantity.Percent(range.Low)} … {Quantity.Percent(range.High)}"));
        Row(table, "Horovod's training, ideal", saving.IdealHours.Select(hours => Hours(hours.Horovod)));
        Row(table, "DASO's training, ideal", saving.IdealHours.Select(hours => Hours(hours.Daso)));
        return table;
    }

    private static Table Terms(SavingPrediction saving)
    {
        Table table = Empty(saving, "term: saving alone / without it");
        foreach (TermEffect effect in saving.Terms)
        {
            Row(table, effect.Term, effect.Alone.Zip(effect.Withdrawn, (alone, withdrawn) =>
                $"{Quantity.Percent(alone)} / {(withdrawn is double value ? Quantity.Percent(value) : "–")}"));
        }

        return table;
    }

    private static Table Thresholds(SavingPrediction saving)
    {
        Table table = Empty(saving, "");
        foreach (Threshold threshold in saving.Thresholds)
        {
            Row(table, threshold.Quantity, threshold.Needed.Select(needed => needed is double value
                ? string.Create(CultureInfo.InvariantCulture, $"{threshold.Relation} {value:0.#} {threshold.Unit}")
                : "never"));
        }

        return table;
    }

    private static Table Empty(SavingPrediction saving, string first)
    {
        Table table = new Table().Border(TableBorder.Rounded).AddColumn(first);
        foreach (int nodes in saving.Nodes)
            table.AddColumn(new TableColumn(FormattableString.Invariant($"{nodes} nodes")).Alignment(Justify.Right));
        return table;
    }

    private static void Row(Table table, string name, IEnumerable<string> cells) =>
        table.AddRow([new Text(name), .. cells.Select(cell => new Text(cell))]);


    private static string Hours(double hours) => string.Create(CultureInfo.InvariantCulture, $"{hours:0.000} h");
}
