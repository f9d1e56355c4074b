using System.Runtime.InteropServices;

namespace Daso.CommandLine;

/// <summary>
/// What asks a run to stop in good order: SIGTERM and SIGUSR1, as a scheduler sends them before it kills, and the end of its time. Ctrl-C
/// cancels. While one of these lives, no signal ends the process by itself.
/// </summary>
internal sealed partial class StopSignals : IDisposable
{
    /// <summary>On Linux and under x86, ARM and RISC-V; .NET takes a signal's own number for those that it has no name for.</summary>
    internal const PosixSignal User1 = (PosixSignal)10;

    private const int Block = 0; // SIG_BLOCK
    private const int Unblock = 1; // SIG_UNBLOCK

    private static readonly TimeSpan s_cancellationLimit = TimeSpan.FromMinutes(1);

    private readonly CancellationTokenSource _cancelled;
    private readonly CancellationTokenSource _stopAsked = new();
    private readonly List<PosixSignalRegistration> _registrations = [];
    private readonly Timer? _limit;

    /// <summary>Listens.</summary>
    /// <param name="limit">After which, counted from the process's start, a stop is asked for; null: never.</param>
    /// <param name="cancelled">Cancels, too.</param>
    internal StopSignals(TimeSpan? limit, CancellationToken cancelled)
    {
        _cancelled = CancellationTokenSource.CreateLinkedTokenSource(cancelled);
        Register(PosixSignal.SIGINT, Cancel);
        Register(PosixSignal.SIGTERM, _stopAsked.Cancel);
        if (OperatingSystem.IsLinux())
        {
            Register(User1, _stopAsked.Cancel);
            // A rank's guard has it held back until here.
            Release(User1);
        }

        if (limit is not TimeSpan time)
            return;
        TimeSpan left = time - (DateTime.UtcNow - System.Diagnostics.Process.GetCurrentProcess().StartTime.ToUniversalTime());
        _limit = new Timer(_ => _stopAsked.Cancel(), null, left > TimeSpan.Zero ? left : TimeSpan.Zero, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Set by Ctrl-C.</summary>
    internal CancellationToken Cancelled => _cancelled.Token;

    /// <summary>Set when a stop is asked for.</summary>
    internal CancellationToken StopAsked => _stopAsked.Token;

    /// <inheritdoc />
    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in _registrations)
            registration.Dispose();
        _limit?.Dispose();
        _stopAsked.Dispose();
        _cancelled.Dispose();
    }

    /// <summary>
    /// Holds back a signal that this thread, or a process that it starts from now on, would get: it comes with <see cref="Release"/>.
    /// </summary>
    internal static void Hold(PosixSignal signal) => SetMask(Block, signal);

    /// <summary>Ends <see cref="Hold"/> for this thread, also where its process was started so.</summary>
    internal static void Release(PosixSignal signal) => SetMask(Unblock, signal);

    private static unsafe void SetMask(int how, PosixSignal signal)
    {
        // sigset_t of glibc and musl: a bit for each signal from 1 on, 1024 in all.
        ulong* signals = stackalloc ulong[16];
        signals[0] = 1UL << ((int)signal - 1);
        _ = ChangeMask(how, signals, null);
    }

    private void Register(PosixSignal signal, Action act) => _registrations.Add(PosixSignalRegistration.Create(signal, context =>
    {
        context.Cancel = true;
        act();
    }));

    /// <summary>The ranks end at their next step and the records are closed: there is time for it, but not without end.</summary>
    private void Cancel()
    {
        _cancelled.Cancel();
        _ = Task.Delay(s_cancellationLimit).ContinueWith(_ => Environment.Exit((int)ExitCode.Cancelled), TaskScheduler.Default);
    }

    [LibraryImport("libc", EntryPoint = "pthread_sigmask")]
    private static unsafe partial int ChangeMask(int how, ulong* signals, ulong* before);
}
