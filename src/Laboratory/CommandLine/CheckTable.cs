using System.Globalization;
using Daso.Analysis;
using Daso.References;
using Spectre.Console;

namespace Daso.CommandLine;

/// <summary>Shows what a run was held against and what came out.</summary>
internal static class CheckTable
{
    /// <summary>Writes a row for each reference.</summary>
    internal static void Write(IReadOnlyList<ReferenceCheck> checks, IAnsiConsole console)
    {
        Table table = Empty("Experiment", "Strategy", "Metric", "Reference", "Allowed", "Measured", "Change", "");
        foreach (ReferenceCheck one in checks)
        {
            table.AddRow(
                new Text(one.Experiment),
                new Text(one.Reference.Strategy),
                new Text(one.Reference.Metric),
                new Text(Number(one.Reference.Value, one.Reference.Unit)),
                new Text(Allowed(one.Reference)),
                new Text(Measured(one)),
                new Text(Change(one)),
                new Markup(OutcomeOf(one)));
        }

        console.Write(table);
    }

    /// <summary>Writes new references.</summary>
    internal static void Write(ReferenceFile file, IReadOnlyList<string> experiments, IAnsiConsole console)
    {
        Table table = Empty("Experiment", "Strategy", "Metric", "Reference", "Allowed", "Noise", "Finds 99 in 100 from");
        foreach (ExperimentReferences experiment in file.Experiments.Where(experiment => experiments.Contains(experiment.Name)))
        {
            foreach (Reference one in experiment.References)
            {
                table.AddRow(
                    experiment.Name,
                    one.Strategy,
                    one.Metric,
                    Number(one.Value, one.Unit),
                    Allowed(one),
                    one.Noise is double noise ? Quantity.Percent(noise) : Quantity.Missing,
                    one.Finds is double finds ? Quantity.Percent(finds) : Quantity.Missing);
            }
        }

        console.Write(table);
    }

    /// <summary>A line for each reference that does not hold.</summary>
    internal static IEnumerable<string> Findings(IReadOnlyList<ReferenceCheck> checks) => checks
        .Where(one => one.Outcome is Outcome.Worse or Outcome.Unclear)
        .Select(one => $"{(one.Outcome == Outcome.Worse ? "worse" : "unclear")}: {one.Experiment}, {one.Reference.Strategy}, "
            + $"{one.Reference.Metric}: {Measured(one)} in place of {Number(one.Reference.Value, one.Reference.Unit)} "
            + $"(allowed {Allowed(one.Reference)}): {one.Note}");

    /// <summary>How many figures came out how, and what the exit code makes of the unclear ones.</summary>
    internal static string Summary(IReadOnlyList<ReferenceCheck> checks, bool isStrict)
    {
        string[] counts = [.. Enum.GetValues<Outcome>()
            .Select(outcome => (Outcome: outcome, Count: checks.Count(one => one.Outcome == outcome)))
            .Where(one => one.Count > 0)
            .Select(one => FormattableString.Invariant($"{one.Count} {one.Outcome.ToString().ToLowerInvariant()}"))];
        string unclear = checks.All(one => one.Outcome != Outcome.Unclear) ? ""
            : isStrict ? "; unclear is an alarm (--strict)"
            : "; unclear is no alarm (with --strict it is)";
        return $"{string.Join(", ", counts)}{unclear}";
    }

    private static Table Empty(params string[] headers)
    {
        Table table = new Table().Border(TableBorder.Rounded);
        foreach (string header in headers)
            table.AddColumn(new TableColumn(header));
        return table;
    }

    private static string Measured(ReferenceCheck one) => double.IsNaN(one.Low)
        ? Number(one.Measured, one.Reference.Unit)
        : $"{Number(one.Measured, one.Reference.Unit)} ({Number(one.Low, "1")}…{Number(one.High, "1")})";

    private static string Change(ReferenceCheck one) => double.IsNaN(one.Measured)
        ? Quantity.Missing
        : string.Create(CultureInfo.InvariantCulture, $"{((one.Measured / one.Reference.Value) - 1) * 100:+0.0;-0.0;0.0} %");

    private static string OutcomeOf(ReferenceCheck one)
    {
        string colour = one.Outcome switch
        {
            Outcome.Worse => "red",
            Outcome.Unclear => "yellow",
            _ => "green",
        };
        string text = one.Note.Length == 0 ? "holds" : $"{one.Outcome.ToString().ToLowerInvariant()}: {one.Note}";
        return $"[{colour}]{Markup.Escape(text)}[/]";
    }

    private static string Allowed(Reference reference) => (reference.Lower, reference.Upper) switch
    {
        (null, null) => "any",
        (double, null) => $"≥ {Number(reference.Smallest(), reference.Unit)}",
        (null, double) => $"≤ {Number(reference.Largest(), reference.Unit)}",
        _ => $"{Number(reference.Smallest(), "1")}…{Number(reference.Largest(), reference.Unit)}",
    };

    private static string Number(double value, string unit) => double.IsNaN(value)
        ? Quantity.Missing
        : value.ToString("G4", CultureInfo.InvariantCulture) + (unit == "1" ? "" : $" {unit}");
}
