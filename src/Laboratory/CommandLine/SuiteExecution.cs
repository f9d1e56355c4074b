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
            {
                SpeedupTable.WriteJson(summary, Console.Out);
                return ExitCode.Done;
            }

            IAnsiConsole console = SpeedupTable.ConsoleFor(Console.Out);
            SpeedupTable.Write(summary, console, plan.Options.ShowsLegend, plan.Options.ShowsRanking);
            if (plan.Options.IsAATest)
                AAPrinter.Write(plan, summary, console);
            return ExitCode.Done;
        },
        cancelled);

    /// <summary>Runs a plan and shows its progress; however it ends, the user learns where the records are and how it goes on.</summary>
    /// <param name="plan">What to run.</param>
    /// <param name="processes">The processes that this one is one of; null: an embedded cluster.</param>
    /// <param name="show">Shows what came out, in the process that has the first rank.</param>
    /// <param name="cancelled">Ends the run.</param>
    /// <returns>The exit code: what was shown, that a training failed, or that the run was stopped.</returns>
    internal static int RunAndShow(SuitePlan plan, ICluster? processes, Func<RunFolder, ExitCode> show, CancellationToken cancelled)
    {
        // A replay is of one process's life: a signal ends it, and whoever asked for it starts it again.
        using StopSignals? signals = plan.Options.Replays is null ? new StopSignals(plan.Options.MaximumTime, cancelled) : null;
        using var runner = new SuiteRunner(plan, processes);
        using CancellationTokenRegistration? stop = signals?.StopAsked.Register(runner.RequestStop);
        foreach (string note in runner.Notes)
            Console.Error.WriteLine(note);
        try
        {
            Train(runner, plan, signals?.Cancelled ?? cancelled);
            return (int)(runner.IsFirst ? Show(runner, plan, show) : ExitCode.Done);
        }
        catch (RunStoppedException)
        {
            if (!runner.IsFirst)
                return (int)ExitCode.Done;
            Console.Error.WriteLine($"stopped; the records are in {runner.Folder.Path}{GoesOn(plan, runner.Folder, "", "goes on")}");
            return (int)ExitCode.Stopped;
        }
        catch (Exception failure) when (runner.IsFirst || failure is not OperationCanceledException)
        {
            Console.Error.WriteLine($"what was recorded until then is kept in {runner.Folder.Path}{GoesOn(plan, runner.Folder, "", "goes on")}");
            throw;
        }
    }

    private static ExitCode Show(SuiteRunner runner, SuitePlan plan, Func<RunFolder, ExitCode> show)
    {
        ExitCode shown = show(runner.Folder);
        Console.Error.WriteLine($"records: {runner.Folder.Path}");
        if (runner.FailedCells.Count == 0)
            return shown;
        int cells = plan.Variants.Sum(variant => variant.Cells().Count());
        Console.Error.WriteLine(FormattableString.Invariant($"{runner.FailedCells.Count} of {cells} trainings failed")
            + GoesOn(plan, runner.Folder, " --retry-failed", "tries them again"));
        return ExitCode.RunFailed;
    }

    private static void Train(SuiteRunner runner, SuitePlan plan, CancellationToken cancelled)
    {
        IAnsiConsole errors = SpeedupTable.ConsoleFor(Console.Error);
        if (plan.Options.Preflight is TimeSpan budget && runner.Preflight(budget, cancelled) is PreflightReport report)
            PreflightTable.Write(report, errors);
        if (runner.IsFirst)
            SuiteProgress.Show(errors, observer => runner.Run(observer, cancelled));
        else
            runner.Run(null, cancelled);
    }

    /// <summary>What the user can do with a run that is not complete; nothing where it replays another.</summary>
    private static string GoesOn(SuitePlan plan, RunFolder folder, string more, string does) => plan.Options.Replays is null
        ? $"; the same command with --resume {JobScript.Quote(folder.Path)}{more} {does}"
        : "";
}
