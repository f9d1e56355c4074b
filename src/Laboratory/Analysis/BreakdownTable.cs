using System.Globalization;
using Spectre.Console;

namespace Daso.Analysis;

/// <summary>Shows where a step's time goes: a row for each strategy.</summary>
internal static class BreakdownTable
{
    /// <summary>What its columns mean.</summary>
    public static readonly (string Column, string Meaning)[] Legend =
    [
        ("Where time goes", "the parts of a step, means over ranks, steps and seeds; they add up to Mean"),
        ("Buffers", "broadcasting batch norm's running statistics, what ranks wait for each other included"),
        ("Local", "averaging or broadcasting inside the node, once its ranks are there"),
        ("Send, Wait", "packing and handing over; waiting for other nodes once they are there, also through the node's rank on duty: the network"),
        ("Imbalance", "waiting for ranks that come later to a common operation"),
        ("Alloc", "managed bytes that a rank allocates in a step, median"),
        ("GC", "garbage collections during timed steps of all seeds, by generation: 0 + 1 + 2"),
    ];

    private static readonly string[] s_headers =
    [
        "Mean", "Data", "Buffers", "Forward", "Backward", "Local", "Send", "Wait", "Merge", "Update", "Imbalance", "Other", "Alloc", "GC",
    ];

    /// <summary>Writes the table.</summary>
    public static void Write(ExperimentSummary experiment, IAnsiConsole console) => TableLayout.Write(
        console,
        ["Where time goes", .. s_headers],
        [.. experiment.Strategies.Select(strategy => strategy.Strategy)],
        [.. experiment.Strategies.Select(Cells)]);

    private static Markup[] Cells(StrategySummary strategy) =>
    [
        TableLayout.Cell(strategy.Strategy),
        TableLayout.Cell(Quantity.Duration(strategy.Breakdown.StepNs)),
        .. strategy.Breakdown.Parts().Select(part => TableLayout.Cell(part.Ns == 0 ? Quantity.Missing : Quantity.Duration(part.Ns))),
        TableLayout.Cell(Quantity.Bytes(strategy.AllocatedBytesPerStep)),
        TableLayout.Cell(strategy.Cells.Count == 0
            ? Quantity.Missing
            : string.Create(
                CultureInfo.InvariantCulture,
                $"{strategy.Collections.Gen0} + {strategy.Collections.Gen1} + {strategy.Collections.Gen2}")),
    ];
}
