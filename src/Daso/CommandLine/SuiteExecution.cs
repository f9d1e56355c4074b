using Daso.Analysis;
using Daso.Cluster;
using Daso.Communication;
using Daso.Experiments;
using Daso.Preflight;
using Spectre.Console;

namespace Daso.CommandLine;

/// <summary>Runs a suite for the command line: progress on standard error, the result on standard output.</summary>
internal static class SuiteExecution
{
    /// <param name="plan">What to run.</param>
    /// <param name="processes">The processes that this one is one of; null: an embedded cluster.</param>
    /// <param name="isJson">Whether the result is JSON in place of a table.</param>
    /// <param name="cancelled">Ends the run.</param>
    internal static int Run(SuitePlan plan, ICluster? processes, bool isJson, CancellationToken cancelled)
    {
        IAnsiConsole errors = SpeedupTable.ConsoleFor(Console.Error);
        using var runner = new SuiteRunner(plan, processes);
        if (plan.Options.Preflight is TimeSpan budget && runner.Preflight(budget, cancelled) is PreflightReport report)
            PreflightTable.Write(report, errors);
        if (!runner.IsFirst)
        {
            runner.Run(null, cancelled);
            return (int)ExitCode.Done;
        }

        try
        {
            SuiteProgress.Show(errors, observer => runner.Run(observer, cancelled));
        }
        catch (Exception ended) when (ended is OperationCanceledException or ClusterFailedException)
        {
            string next = processes is null ? "; the same command with --resume and this folder goes on" : "";
            errors.WriteLine($"what was recorded until then is kept in {runner.Folder.Path}{next}");
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
