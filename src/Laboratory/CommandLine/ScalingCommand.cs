using System.CommandLine;
using System.Globalization;
using Daso.Analysis;
using Spectre.Console;

namespace Daso.CommandLine;

/// <summary><c>scaling RUN…</c>: steps to the target over batch sizes, and the law that they follow.</summary>
internal static class ScalingCommand
{
    internal static Command Create()
    {
        var runs = new Argument<string[]>("RUN")
        {
            Description = "Folders of runs, or folders of runs, of an experiment with several batch sizes.",
            Arity = ArgumentArity.OneOrMore,
        };
        var command = new Command("scaling", "Shows steps to the target over batch sizes, with the fit of their law.") { runs };
        command.SetAction(parsed =>
        {
            RecordedRun[] given = [.. parsed.GetValue(runs)!.SelectMany(path => RunSet.Read(path).Runs)];
            foreach (string goesOn in given.Select(run => run.Summary.GoesOn).OfType<string>())
                parsed.InvocationConfiguration.Error.WriteLine(goesOn);
            Write(BatchStudy.Of(given), SpeedupTable.ConsoleFor(parsed.InvocationConfiguration.Output));
        });
        return command;
    }

    private static void Write(IReadOnlyList<BatchStudy> studies, IAnsiConsole console)
    {
        double[] batches = [.. studies.SelectMany(study => study.Points).Select(point => point.Batch).Distinct().Order()];
        TableLayout.Write(
            console,
            ["Steps to target", .. batches.Select(batch => $"B = {Whole(batch)}"), "c₁", "c₂", "c₁/c₂", "Error", "Missed"],
            [.. studies.Select(study => study.Name)],
            [
                .. studies.Select(study => ((string[])
                [
                    study.Name,
                    .. batches.Select(batch => MedianSteps(study, batch)),
                    Of(study.Law, law => Whole(law.Samples)),
                    Of(study.Law, law => Whole(law.Steps)),
                    Of(study.Law, law => double.IsFinite(law.CriticalBatch) ? Whole(law.CriticalBatch) : "∞"),
                    Of(study.Law, law => Quantity.Percent(law.MedianError)),
                    study.Missed.ToString(CultureInfo.InvariantCulture),
                ]).Select(text => TableLayout.Cell(text)).ToArray()),
            ]);
        TableLayout.WriteLegend(
            console,
            [
                ("B = …", "steps up to the end of the first epoch with the target's quality, for as many samples a step over all ranks; median over seeds"),
                ("c₁, c₂", "of K = c₁/B + c₂, by least squares of relative errors over all trainings"),
                ("c₁/c₂", "the batch at which twice the batch no longer nearly halves the steps: both terms are equal"),
                ("Error", "of the law at the measured points, median magnitude"),
                ("Missed", "trainings that did not reach the target; they are not in the fit"),
            ]);
    }

    private static string MedianSteps(BatchStudy study, double batch)
    {
        double[] steps = [.. study.Points.Where(point => point.Batch == batch).Select(point => point.Steps)];
        return steps.Length == 0 ? Quantity.Missing : Whole(Statistics.Median(steps));
    }

    private static string Of(ScalingLaw? law, Func<ScalingLaw, string> text) => law is null ? Quantity.Missing : text(law);

    private static string Whole(double value) => value.ToString("N0", CultureInfo.InvariantCulture);
}
