using System.CommandLine;
using System.Globalization;
using Daso.Analysis;

namespace Daso.CommandLine;

/// <summary><c>compare A B</c>: two runs, or two folders of runs: what differs between them, and what that did to times and quality.</summary>
internal static class CompareCommand
{
    internal static Command Create()
    {
        var a = new Argument<string>("A") { Description = "Folder of a run, or folder of runs: the reference." };
        var b = new Argument<string>("B") { Description = "Likewise: what is judged." };
        var force = new Option<bool>("--force") { Description = "Compares runs of different specifications: different benchmarks." };
        var threshold = new Option<string>("--threshold")
        {
            Description = "Difference of times that matters, as in 2% or 0.02.",
            DefaultValueFactory = _ => "2%",
        };
        Option<string> format = ChoiceOption.Format();
        var command = new Command("compare", "Compares two runs or two folders of runs: settings, step times, quality.")
        {
            a, b, force, threshold, format,
        };
        command.SetAction(parsed =>
        {
            RunComparison comparison = RunComparison.Of(
                parsed.GetValue(a)!, parsed.GetValue(b)!, parsed.GetValue(force), Share(parsed.GetValue(threshold)!));
            foreach (string goesOn in (string[])[.. comparison.A.GoesOn, .. comparison.B.GoesOn])
                parsed.InvocationConfiguration.Error.WriteLine(goesOn);
            TextWriter output = parsed.InvocationConfiguration.Output;
            if (!comparison.IsSameBenchmark)
                parsed.InvocationConfiguration.Error.WriteLine(ComparisonTable.Warning);
            if (parsed.IsJson(format))
                output.WriteLine(comparison.ToJson());
            else
                ComparisonTable.Write(comparison, SpeedupTable.ConsoleFor(output));
        });
        return command;
    }

    private static double Share(string text)
    {
        bool isPercent = text.EndsWith('%');
        return double.TryParse(isPercent ? text[..^1] : text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value)
            && (isPercent ? value / 100 : value) is > 0 and < 1 and double share
                ? share
                : throw new UserErrorException($"--threshold {text}: expected a share above 0 % and below 100 %, as in 2% or 0.02");
    }
}
