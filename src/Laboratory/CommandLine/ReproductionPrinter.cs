using System.Globalization;
using Daso.Reproduction;
using Spectre.Console;

namespace Daso.CommandLine;

/// <summary>Shows a reproduction: verdicts, each claim's sources and command, and the model's view of the paper's comparison.</summary>
internal static class ReproductionPrinter
{
    private const string Missing = "–";

    internal static void Write(ReproductionReport report, IAnsiConsole console)
    {
        console.WriteLine(report.Paper);
        console.Write(Verdicts(report.Claims));
        foreach (ClaimResult result in report.Claims)
            WriteDetails(result, console);
        if (report.Saving is SavingPrediction saving)
            SavingPrinter.Write(saving, console);
    }

    private static Table Verdicts(IReadOnlyList<ClaimResult> claims)
    {
        Table table = new Table().Border(TableBorder.Rounded);
        foreach (string header in new[] { "claim", "claimed", "measured", "predicted", "verdict" })
            table.AddColumn(header);
        foreach (ClaimResult result in claims)
        {
            table.AddRow(
                new Text(result.Claim.Id),
                new Text(Claimed(result.Claim)),
                new Text(Measured(result)),
                new Text(Predicted(result.Predicted)),
                new Markup($"[{Colour(result.Status)}]{Words(result.Status)}[/]"));
        }

        return table;
    }

    private static void WriteDetails(ClaimResult result, IAnsiConsole console)
    {
        Claim claim = result.Claim;
        console.WriteLine();
        console.MarkupLineInterpolated($"[bold]{claim.Id}[/]: {claim.Statement}");
        Grid grid = new Grid().AddColumn(new GridColumn().NoWrap().PadLeft(2).PadRight(2)).AddColumn();
        foreach (ClaimSource source in claim.Sources)
            Add($"source [{source.Mark}]", $"{source.Where}: {source.Gives}");
        if (claim.Check.Command is string command)
            Add("command", claim.Check.Launcher is string launcher ? $"{launcher} … {command}" : command);
        foreach (Measured run in result.Measured)
        {
            if (run.Values.Count > 0)
                Add("measured", $"{string.Join(", ", run.Values.Select(value => Figure(claim.Figure, value)))} by {run.Run}");
            if (run.DisturbedSeeds.Count > 0)
                Add("left out", $"seed {string.Join(", ", run.DisturbedSeeds)} of {run.Run}: slower without communication than with it");
        }

        Add("verdict", $"{Words(result.Status)}: {result.Reason}");
        console.Write(grid);

        void Add(string name, string text) => grid.AddRow(new Text(name), new Text(text));
    }

    private static string Claimed(Claim claim)
    {
        if (claim.Value is not double value)
            return string.Join(", ", claim.Sequence);
        string relation = claim.Bound switch
        {
            ClaimBound.UpTo => "up to",
            ClaimBound.AtLeast => "at least",
            ClaimBound.AtMost => "at most",
            _ => "",
        };
        return $"{relation} {Figure(claim.Figure, value)}".TrimStart();
    }

    private static string Measured(ClaimResult result)
    {
        if (result.Sequence.Count > 0)
            return string.Join(", ", result.Sequence);
        double[] values = [.. result.Measured.SelectMany(run => run.Values).Order()];
        return values.Length switch
        {
            0 => Missing,
            1 => Figure(result.Claim.Figure, values[0]),
            _ => $"{Figure(result.Claim.Figure, values[0])} … {Figure(result.Claim.Figure, values[^1])}",
        };
    }

    private static string Predicted(IReadOnlyList<PredictedRange> ranges) => ranges.Count == 0 ? Missing : string.Create(
        CultureInfo.InvariantCulture,
        $"{ranges.Min(range => range.Low) * 100:0} … {ranges.Max(range => range.High) * 100:0} %");

    private static string Figure(ClaimFigure figure, double value) => figure switch
    {
        ClaimFigure.TrafficRatio => value.ToString("0.00", CultureInfo.InvariantCulture),
        ClaimFigure.Quality or ClaimFigure.QualityLoss => string.Create(CultureInfo.InvariantCulture, $"{value * 100:0.##} %"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{value * 100:0} %"),
    };

    private static string Words(ClaimStatus verdict) => verdict switch
    {
        ClaimStatus.Reproduced => "reproduced",
        ClaimStatus.NotReproduced => "not reproduced",
        ClaimStatus.PredictedOnly => "predicted only",
        ClaimStatus.NotTried => "not tried yet",
        _ => "can't be tried here",
    };

    private static string Colour(ClaimStatus verdict) => verdict switch
    {
        ClaimStatus.Reproduced => "green",
        ClaimStatus.NotReproduced => "red",
        ClaimStatus.PredictedOnly => "yellow",
        _ => "grey",
    };
}
