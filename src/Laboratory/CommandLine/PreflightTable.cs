using System.Globalization;
using Daso.Analysis;
using Daso.Preflight;
using Spectre.Console;

namespace Daso.CommandLine;

/// <summary>Shows a preflight: a row for each measurement, then what was left out.</summary>
internal static class PreflightTable
{
    /// <summary>Bits a second in units of 10⁹, of bytes a second.</summary>
    internal static double Gigabits(double bytesPerSecond) => bytesPerSecond * 8 / 1e9;

    /// <param name="report">What to show.</param>
    /// <param name="console">Where.</param>
    internal static void Write(PreflightReport report, IAnsiConsole console)
    {
        console.WriteLine(FormattableString.Invariant($"{report.Nodes} × {report.RanksPerNode} ranks: {report.Cluster}"));
        Table table = new Table().Border(TableBorder.Rounded);
        foreach (string header in new[] { "Group", "Operation", "By" })
            table.AddColumn(header);
        foreach (string header in new[] { "Size", "Median", "Shortest", "Times", "Algorithm Gbit/s", "Bus Gbit/s", "Correct" })
            table.AddColumn(new TableColumn(header).RightAligned());
        foreach (Measurement one in report.Measurements)
        {
            table.AddRow(
                one.ConcurrentGroups > 1 ? FormattableString.Invariant($"{one.Group} (all {one.ConcurrentGroups})") : one.Group,
                one.Collective,
                one.Implementation,
                Binary(one.Bytes),
                Quantity.Duration(one.MedianNs),
                Quantity.Duration(one.MinNs),
                one.Rounds.ToString(CultureInfo.InvariantCulture),
                Gigabits(one.AlgorithmBytesPerSecond).ToString("0.000", CultureInfo.InvariantCulture),
                Gigabits(one.BusBytesPerSecond).ToString("0.000", CultureInfo.InvariantCulture),
                one.IsCorrect ? "yes" : "NO");
        }

        console.Write(table);
        console.WriteLine(
            "Median, Shortest: the slowest rank's times, all groups of the kind at once. Bus: the busiest link's share in an ideal exchange.");
        if (report.Hosts is not null)
            console.WriteLine($"nodes: {string.Join(", ", report.Hosts)}");
        if (report.LinkPeakBitsPerSecond is double peak)
            console.WriteLine($"a node's link carries up to {Quantity.BitRate(peak)} in one direction; the groups of a kind share it");
        foreach (LeftOut one in report.LeftOut)
        {
            console.WriteLine(
                $"left out for want of time: {one.Collective} ({one.Implementation}) of {Binary(one.Bytes)} on {one.Group}, about "
                    + $"{Quantity.Duration(one.EstimatedNs)} each; --seconds gives more");
        }
    }

    /// <summary>Sizes are powers of two: 256 MiB.</summary>
    private static string Binary(long bytes) => bytes switch
    {
        >= 1 << 20 => FormattableString.Invariant($"{bytes / (double)(1 << 20):0.##} MiB"),
        _ => FormattableString.Invariant($"{bytes / 1024.0:0.##} KiB"),
    };
}
