using System.CommandLine;
using Daso.Analysis;
using Daso.Experiments;
using Daso.Reproduction;

namespace Daso.CommandLine;

/// <summary><c>reproduce</c>: the paper's claims, and for each what runs measured, what the model predicts, and the verdict.</summary>
internal sealed class ReproduceCommand
{
    private readonly Argument<string[]> _claims = new("claim")
    {
        Description = "Claims to judge, by their ids; default: all.",
        Arity = ArgumentArity.ZeroOrMore,
    };

    private readonly Option<string[]> _runs = new("--run")
    {
        Description = "Folders of runs that may have measured them. Default: all in artifacts/runs. Several: separated by spaces.",
        AllowMultipleArgumentsPerToken = true,
    };

    private readonly Option<string> _format = ChoiceOption.Format();

    private ReproduceCommand()
    {
    }

    internal static Command Create()
    {
        var options = new ReproduceCommand();
        var command = new Command("reproduce", "Shows the paper's claims, each measured, predicted or neither. Nothing is trained.")
        {
            options._claims, options._runs, options._format,
        };
        command.SetAction(options.Show);
        return command;
    }

    private void Show(ParseResult parsed)
    {
        string[] ids = parsed.GetValue(_claims) ?? [];
        string[] known = [.. PaperData.Claims().Claims.Select(claim => claim.Id)];
        if (ids.FirstOrDefault(id => !known.Contains(id)) is string unknown)
        {
            throw new UserErrorException(
                $"reproduce {unknown}: no such claim{NearestName.Hint(unknown, known)}; there are {string.Join(", ", known)}");
        }

        string[] runs = parsed.GetValue(_runs) is { Length: > 0 } given ? given : RunsHere();
        TextWriter output = parsed.InvocationConfiguration.Output;
        ReproductionReport report = ReproductionReport.Of(ids, runs);
        if (parsed.IsJson(_format))
            output.WriteLine(report.ToJson());
        else
            ReproductionPrinter.Write(report, SpeedupTable.ConsoleFor(output));
    }

    /// <summary>What has a manifest in the folder that runs are made in.</summary>
    private static string[] RunsHere()
    {
        string folder = RunOptions.DefaultOutputFolder();
        if (!Directory.Exists(folder))
            return [];
        IEnumerable<string> runs = Directory.GetDirectories(folder).Where(run => File.Exists(Path.Combine(run, "manifest.json")));
        return [.. runs.Order(StringComparer.Ordinal)];
    }
}
