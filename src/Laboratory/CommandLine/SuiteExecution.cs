using Daso.Analysis;
using Daso.Cluster;
using Daso.Communication;
using Daso.Experiments;
using Daso.Preflight;
using Daso.Recording;
using Spectre.Console;

namespace Daso.CommandLine;

/// <summary>Runs a plan for the command line.</summary>
/// <param name="plan">What to run.</param>
/// <param name="processes">The processes that this one is one of; null: an embedded cluster.</param>
/// <param name="isJson">Whether the result is JSON in place of a table.</param>
/// <param name="cancelled">Ends the run.</param>
/// <returns>The exit code.</returns>
internal delegate int PlanRunner(SuitePlan plan, ICluster? processes, bool isJson, CancellationToken cancelled);

/// <summary>Runs a suite for the command line: progress on standard error, the result on standard output.</summary>
internal static class SuiteExecution
{
    /// <summary>Runs a plan and prints its table; a <see cref="PlanRunner"/>.</summary>
    internal static int Run(SuitePlan plan, ICluster? processes, bool isJson, CancellationToken cancelled)
    {
        if (Train(plan, processes, cancelled) is not RunFolder folder)
            return (int)ExitCode.Done;
        RunSummary summary = RunSummary.Read(folder.Path);
        summary.Write(folder);
        if (isJson)
            SpeedupTable.WriteJson(summary, Console.Out);
        else
            SpeedupTable.Write(summary, SpeedupTable.ConsoleFor(Console.Out));
        Console.Error.WriteLine($"records: {folder.Path}");
        return (int)ExitCode.Done;
    }

    /// <summary>Runs a plan and shows its progress.</summary>
    /// <param name="plan">What to run.</param>
    /// <param name="processes">The processes that this one is one of; null: an embedded cluster.</param>
    /// <param name="cancelled">Ends the run.</param>
    /// <returns>The run's folder; null: another process tells of it.</returns>
    internal static RunFolder? Train(SuitePlan plan, ICluster? processes, CancellationToken cancelled)
    {
        IAnsiConsole errors = SpeedupTable.ConsoleFor(Console.Error);
        using var runner = new SuiteRunner(plan, processes);
        if (plan.Options.Preflight is TimeSpan budget && runner.Preflight(budget, cancelled) is PreflightReport report)
            PreflightTable.Write(report, errors);
        if (!runner.IsFirst)
        {
            runner.Run(null, cancelled);
            return null;
        }

        try
        {
            SuiteProgress.Show(errors, observer => runner.Run(observer, cancelled));
        }
        catch (Exception ended) when (ended is OperationCanceledException or ClusterFailedException)
        {
            string next = processes is null && plan.Options.Repeats is null
                ? "; the same command with --resume and this folder goes on"
                : "";
            errors.WriteLine($"what was recorded until then is kept in {runner.Folder.Path}{next}");
            throw;
        }

        return runner.Folder;
    }
}
