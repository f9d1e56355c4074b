using System.Runtime.InteropServices;

namespace Daso.CommandLine;

/// <summary>
/// What asks a run to stop in good order: SIGTERM and SIGUSR1, as a scheduler sends them before it kills, and the end of its time. Ctrl-C
/// cancels. While one of these lives, no signal ends the process by itself.
/// </summary>
internal sealed class StopSignals : IDisposable
{
    /// <summary>On Linux and under x86, ARM and RISC-V; .NET takes a signal's own number for those that it has no name for.</summary>
    internal const PosixSignal User1 = (PosixSignal)10;

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
            Register(User1, _stopAsked.Cancel);
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
}
