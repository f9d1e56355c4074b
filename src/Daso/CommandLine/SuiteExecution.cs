using Daso.Analysis;
using Daso.Communication;
using Daso.Experiments;
using Spectre.Console;

namespace Daso.CommandLine;

/// <summary>Runs a suite for the command line: progress on standard error, the result on standard output.</summary>
internal static class SuiteExecution
{
    internal static int Run(SuitePlan plan, bool isJson, CancellationToken cancelled)
    {
        IAnsiConsole errors = SpeedupTable.ConsoleFor(Console.Error);
        using var runner = new SuiteRunner(plan);
        try
        {
            SuiteProgress.Show(errors, observer => runner.Run(observer, cancelled));
        }
        catch (Exception ended) when (ended is OperationCanceledException or ClusterFailedException)
        {
            errors.WriteLine($"what was recorded until then is kept in {runner.Folder.Path}; the same command with --resume and this folder goes on");
            throw;
        }

        RunSummary summary = RunSummary.Read(runner.Folder.Path);
        summary.Write(runner.Folder);
        if (isJson)
            SpeedupTable.WriteJson(summary, Console.Out);
        else
            SpeedupTable.Write(summary, SpeedupTable.ConsoleFor(Console.Out));
        errors.WriteLine($"records: {runner.Folder.Path}");
        return (int)ExitCode.Done;
    }
}
