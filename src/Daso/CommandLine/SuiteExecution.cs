using Daso.Analysis;
using Daso.Communication;
using Daso.Experiments;
using Daso.Recording;
using Spectre.Console;

namespace Daso.CommandLine;

/// <summary>Runs a suite for the command line: progress on standard error, the result on standard output.</summary>
internal static class SuiteExecution
{
    internal static int Run(SuitePlan plan, bool isJson, CancellationToken cancelled)
    {
        IAnsiConsole errors = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        RunFolder? folder = null;
        try
        {
            SuiteProgress.Show(errors, observer => new SuiteRunner(plan, observer).Run(made => folder = made, cancelled));
        }
        catch (Exception ended) when (folder is not null && ended is OperationCanceledException or ClusterFailedException)
        {
            errors.WriteLine($"what was recorded until then is kept in {folder.Path}");
            throw;
        }

        RunSummary summary = RunSummary.Read(folder!.Path);
        if (isJson)
            SpeedupTable.WriteJson(summary, Console.Out);
        else
            SpeedupTable.Write(summary, AnsiConsole.Console);
        errors.WriteLine($"records: {folder.Path}");
        return (int)ExitCode.Done;
    }
}
