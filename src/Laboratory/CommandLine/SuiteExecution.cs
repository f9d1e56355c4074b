using Daso.Analysis;
using Daso.Cluster;
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
    internal static int Run(SuitePlan plan, ICluster? processes, bool isJson, CancellationToken cancelled) => RunAndShow(
        plan,
        processes,
        folder =>
        {
            RunSummary summary = RunSummary.Read(folder.Path);
            summary.Write(folder);
            if (isJson)
                SpeedupTable.WriteJson(summary, Console.Out);
            else
                SpeedupTable.Write(summary, SpeedupTable.ConsoleFor(Console.Out));
            return ExitCode.Done;
        },
        cancelled);

    /// <summary>Runs a plan and shows its progress; however it ends, the user learns where the records are and how it goes on.</summary>
    /// <param name="plan">What to run.</param>
    /// <param name="processes">The processes that this one is one of; null: an embedded cluster.</param>
    /// <param name="show">Shows what came out, in the process that has the first rank.</param>
    /// <param name="cancelled">Ends the run.</param>
    /// <returns>The exit code: what was shown, or that a training failed.</returns>
    internal static int RunAndShow(SuitePlan plan, ICluster? processes, Func<RunFolder, ExitCode> show, CancellationToken cancelled)
    {
        IAnsiConsole errors = SpeedupTable.ConsoleFor(Console.Error);
        using var runner = new SuiteRunner(plan, processes);
        foreach (string note in runner.Notes)
            errors.WriteLine(note);
        try
        {
            Train(runner, plan, errors, cancelled);
            if (!runner.IsFirst)
                return (int)ExitCode.Done;
            ExitCode shown = show(runner.Folder);
            errors.WriteLine($"records: {runner.Folder.Path}");
            if (runner.FailedCells.Count == 0)
                return (int)shown;
            errors.WriteLine(FormattableString.Invariant($"{runner.FailedCells.Count} of {plan.Variants.Sum(variant => variant.Cells().Count())} trainings failed")
                + GoesOn(plan, processes, runner.Folder, " --retry-failed", "tries them again"));
            return (int)ExitCode.RunFailed;
        }
        catch (Exception) when (runner.IsFirst)
        {
            errors.WriteLine($"what was recorded until then is kept in {runner.Folder.Path}"
                + GoesOn(plan, processes, runner.Folder, "", "goes on"));
            throw;
        }
    }

    private static void Train(SuiteRunner runner, SuitePlan plan, IAnsiConsole errors, CancellationToken cancelled)
    {
        if (plan.Options.Preflight is TimeSpan budget && runner.Preflight(budget, cancelled) is PreflightReport report)
            PreflightTable.Write(report, errors);
        if (runner.IsFirst)
            SuiteProgress.Show(errors, observer => runner.Run(observer, cancelled));
        else
            runner.Run(null, cancelled);
    }

    /// <summary>What the user can do with a run that is not complete; nothing where it cannot be resumed.</summary>
    private static string GoesOn(SuitePlan plan, ICluster? processes, RunFolder folder, string more, string does) =>
        processes is null && plan.Options.Repeats is null
            ? $"; the same command with --resume {JobScript.Quote(folder.Path)}{more} {does}"
            : "";
}
