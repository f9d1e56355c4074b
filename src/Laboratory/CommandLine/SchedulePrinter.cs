using System.Globalization;
using Daso.Strategies;
using Spectre.Console;

namespace Daso.CommandLine;

/// <summary>Shows a schedule's epochs.</summary>
internal static class SchedulePrinter
{
    private const string Legend =
        "B, S, W are in force in the next epoch: batches from one global synchronisation to the next, from one local averaging of "
        + "gradients to the next, and from sending to merging; 0: every batch synchronises and waits. best: the best loss tested so far; "
        + "bad epochs: those tested since that were no better; plateau: – where the loss is not tested.";

    private static readonly string[] s_headers =
        ["epoch", "phase", "loss", "best", "bad epochs", "plateau", "next B", "next S", "next W"];

    /// <summary>A table, a row for each epoch, and what its columns mean.</summary>
    internal static void Write(IReadOnlyList<ScheduledEpoch> epochs, IAnsiConsole console)
    {
        Table table = new Table().Border(TableBorder.Rounded);
        foreach (string header in s_headers)
            table.AddColumn(new TableColumn(header).Alignment(header == "phase" ? Justify.Left : Justify.Right));
        foreach (ScheduledEpoch epoch in epochs)
            table.AddRow(Cells(epoch));
        console.Write(table);
        console.WriteLine(Legend);
    }

    /// <summary>One [global_skip, local_skip, batches_to_wait, num_bad_epochs] for each epoch, as in the reference's schedules.json.</summary>
    internal static void WriteJson(IReadOnlyList<ScheduledEpoch> epochs, TextWriter output)
    {
        IEnumerable<string> rows = epochs.Select(epoch => string.Create(
            CultureInfo.InvariantCulture, $"[{epoch.Next.Global}, {epoch.Next.Local}, {epoch.Next.Wait}, {epoch.BadEpochs}]"));
        output.WriteLine($"[\n  {string.Join(",\n  ", rows)}\n]");
    }

    private static string[] Cells(ScheduledEpoch epoch) =>
    [
        Number(epoch.Epoch + 1),
        epoch.Phase switch { DasoPhase.WarmUp => "warm-up", DasoPhase.CoolDown => "cool-down", _ => "cycling" },
        Loss(epoch.Loss),
        double.IsFinite(epoch.Best) ? Loss(epoch.Best) : "–",
        Number(epoch.BadEpochs),
        !epoch.IsTested ? "–" : epoch.HasPlateaued ? "yes" : "no",
        Number(epoch.Next.Global),
        Number(epoch.Next.Local),
        Number(epoch.Next.Wait),
    ];

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Loss(double loss) => loss.ToString("G5", CultureInfo.InvariantCulture);
}
