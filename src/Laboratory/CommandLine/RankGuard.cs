using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Daso.Cluster;

namespace Daso.CommandLine;

/// <summary>
/// The process that a launcher has started, while a child of it is the rank. A rank that is killed can say nothing, and the launcher's
/// exit code would be the signal's number: the guard names the rank, the host and the signal, and ends the job with exit code 1.
/// </summary>
internal static partial class RankGuard
{
    /// <summary>Tells a rank which process guards it.</summary>
    private const string Variable = "DASO_RANK_GUARD";

    private const int SignalBase = 128;
    private const int SetParentDeathSignal = 1;
    private const int Kill = 9;

    // The launcher ends this process; if it exited first, the launcher would count it as one more failure, with a code of its own.
    private static readonly TimeSpan s_endOfJob = TimeSpan.FromSeconds(5);

    private static readonly PosixSignal[] s_forwarded = [PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP, StopSignals.User1];

    // For the rest of the process: a launcher that hangs up once another rank has gone must not spoil the exit code of this one.
    private static IReadOnlyList<PosixSignalRegistration> s_registrations = [];

    /// <summary>Whether this process has a guard that tells the launcher how it ended.</summary>
    internal static bool TellsLauncher => MpichConnection.IsThere && Environment.GetEnvironmentVariable(Variable) is not null;

    /// <summary>Runs this process's command line once more as a child, if it was started as a rank and is not guarded yet.</summary>
    /// <param name="error">Takes the line about a rank that was killed.</param>
    /// <returns>The exit code; null: this process does the work itself.</returns>
    internal static int? Run(TextWriter error)
    {
        if (Environment.GetEnvironmentVariable(Variable) is string guard)
        {
            EndWith(int.Parse(guard, CultureInfo.InvariantCulture));
            return null;
        }

        return Launcher.Detect(Environment.GetEnvironmentVariable) is Launcher launcher ? Guard(launcher, error) : null;
    }

    /// <summary>The line about a rank that a signal has ended, or null where the exit code is the rank's own.</summary>
    /// <param name="launcher">Who started the rank.</param>
    /// <param name="exitCode">128 + the signal's number where one ended it.</param>
    internal static string? Explain(Launcher launcher, int exitCode)
    {
        string? signal = (exitCode - SignalBase) switch
        {
            4 => "SIGILL",
            6 => "SIGABRT",
            7 => "SIGBUS",
            8 => "SIGFPE",
            9 => "SIGKILL, by hand or for want of memory",
            11 => "SIGSEGV",
            _ => null,
        };
        return signal is null
            ? null
            : FormattableString.Invariant(
                $"error: rank {launcher.Rank} on {Environment.MachineName}: killed by signal {exitCode - SignalBase} ({signal})");
    }

    private static int Guard(Launcher launcher, TextWriter error)
    {
        // Open MPI's mpirun gives its processes a terminal, at which nobody sits and for which nobody has set a width.
        Environment.SetEnvironmentVariable("TERM", "dumb");
        var started = new TaskCompletionSource<int>();
        s_registrations = [.. s_forwarded.Select(signal => PosixSignalRegistration.Create(signal, context =>
        {
            context.Cancel = true;
            _ = SendSignal(started.Task.Result, NumberOf(context.Signal));
        }))];
        // A scheduler may ask for a stop while the rank still starts, and asks it, too: it would die of that before it listens.
        StopSignals.Hold(StopSignals.User1);
        using Process rank = StartRank();
        StopSignals.Release(StopSignals.User1);
        started.SetResult(rank.Id);
        rank.WaitForExit();
        int code = rank.ExitCode;
        if (Explain(launcher, code) is string killed)
        {
            error.WriteLine(killed);
            error.Flush();
            code = (int)ExitCode.RunFailed;
        }

        if (code == 0)
            MpichConnection.Finish();
        else if (MpichConnection.Abort(code))
            Thread.Sleep(s_endOfJob);
        return code;
    }

    /// <summary>Starts the same command again. The caller's thread must outlive the child, which dies with it.</summary>
    private static Process StartRank()
    {
        string[] line = File.ReadAllText("/proc/self/cmdline").TrimEnd('\0').Split('\0');
        var start = new ProcessStartInfo(Environment.ProcessPath!, line[1..]);
        start.Environment[Variable] = Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
        return Process.Start(start)!;
    }

    /// <summary>In the rank: makes the kernel end it together with its guard.</summary>
    private static void EndWith(int guard)
    {
        _ = ControlProcess(SetParentDeathSignal, Kill, 0, 0, 0);
        if (ParentProcess() != guard)
            Environment.Exit((int)ExitCode.RunFailed);
    }

    private static int NumberOf(PosixSignal signal) => signal switch
    {
        PosixSignal.SIGINT => 2,
        PosixSignal.SIGHUP => 1,
        StopSignals.User1 => (int)StopSignals.User1,
        _ => 15,
    };

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int SendSignal(int process, int signal);

    [LibraryImport("libc", EntryPoint = "getppid")]
    private static partial int ParentProcess();

    [LibraryImport("libc", EntryPoint = "prctl")]
    private static partial int ControlProcess(int option, nint second, nint third, nint fourth, nint fifth);
}
