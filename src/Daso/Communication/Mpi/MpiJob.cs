using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using Daso.Timing;

namespace Daso.Communication.Mpi;

/// <summary>This process's part of an MPI job: started once and ended once, by the same thread.</summary>
internal sealed partial class MpiJob
{
    private const int HostBytes = 64;
    private const int SurveyBytes = sizeof(int) + HostBytes;
    private static readonly TimeSpan s_drain = TimeSpan.FromSeconds(0.2);
    private static readonly TimeSpan s_leastStart = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan s_watchInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_endLimit = TimeSpan.FromSeconds(3);

    private readonly MpiEnvironment _environment;
    private readonly CancellationTokenSource _ended = new();
    private Exception? _reason;
    private int[] _nodes = [];
    private string[] _hosts = [];

    private MpiJob(MpiLibrary library, MpiEnvironment environment, MpiSettings settings)
    {
        Library = library;
        _environment = environment;
        Settings = settings;
        nint all = library.Binary.World;
        library.ReturnErrors(all);
        int processes = library.SizeOf(all), process = library.RankIn(all);
        nint machine = library.SplitByMemory(all, process);
        RanksOnMachine = library.SizeOf(machine);
        Progress = new MpiProgress(library, settings.WaitLimit, End);

        (int[] leaders, string[] hosts) = Progress.Call(() => Survey(machine, process, processes));
        Placement = MpiPlacement.Of(leaders, hosts, settings.Requested);
        _hosts = [.. Placement.Order.Select(one => hosts[one])];
        _nodes = [.. Enumerable.Range(0, processes).Select(rank => rank / Placement.RanksPerNode)];
        int myRank = Placement.Order.ToList().IndexOf(process);
        World = new MpiCommunicator(this, one => one.Split(all, 0, myRank), "world", 0, [.. Enumerable.Range(0, processes)]);
        RollCall = Progress.Call(() => new MpiRollCall(library, Progress, library.Split(all, 0, myRank)));
        Progress.Add(RollCall);
        StopAgreement = Progress.Call(() => new MpiStopAgreement(this, library.Split(all, 0, myRank)));
        Progress.Add(StopAgreement);
    }

    /// <summary>The library.</summary>
    internal MpiLibrary Library { get; }

    /// <summary>The communication thread.</summary>
    internal MpiProgress Progress { get; }

    /// <summary>What the user has set.</summary>
    internal MpiSettings Settings { get; }

    /// <summary>Who carries out operations on GPU memory; null: ranks compute on the CPU. Set before groups are split.</summary>
    internal DeviceCarriers? Devices { get; set; }

    /// <summary>Finds out who is missing.</summary>
    internal MpiRollCall RollCall { get; }

    /// <summary>Agrees on where all ranks stop.</summary>
    internal MpiStopAgreement StopAgreement { get; }

    /// <summary>A number for a group that no group of this rank has.</summary>
    internal int NextGroup { get; set; } = 1;

    /// <summary>All ranks.</summary>
    internal MpiCommunicator World { get; }

    /// <summary>Which rank sits where.</summary>
    internal MpiPlacement Placement { get; }

    /// <summary>Ranks on this machine; they share its memory.</summary>
    internal int RanksOnMachine { get; }

    /// <summary>Set when the job ends early.</summary>
    internal CancellationToken Ended => _ended.Token;

    /// <summary>Why it ended early, if it did.</summary>
    internal Exception? Reason => Volatile.Read(ref _reason);

    /// <summary>Joins the job that a launcher has started.</summary>
    /// <param name="library">The library.</param>
    /// <param name="processes">How many the launcher says it has started; null: it does not say.</param>
    /// <param name="settings">What the user has set.</param>
    /// <exception cref="UserErrorException">The library does not take part in the launcher's job, or lacks threads.</exception>
    internal static MpiJob Start(MpiLibrary library, int? processes, MpiSettings settings)
    {
        // What the library does until all processes know each other has no time limit of its own. Processes need some time to start.
        TimeSpan limit = settings.WaitLimit > s_leastStart ? settings.WaitLimit : s_leastStart;
        var deadline = Deadline.After(limit);
        using var watchdog = new Timer(
            _ =>
            {
                if (!deadline.HasPassed)
                    return;
                Console.Error.WriteLine(
                    $"error: MPI has not started within {limit.TotalSeconds:0} s on {Environment.MachineName}; "
                        + "look at the network between the hosts, or give more with --comm-timeout");
                ExitNow((int)ExitCode.RunFailed);
            },
            null,
            limit,
            s_watchInterval);
        var environment = new MpiEnvironment(library);
        if (!environment.IsThreadMultiple)
        {
            throw new UserErrorException(
                $"{library.Path} does not let all threads call it (MPI_THREAD_MULTIPLE), which Daso needs; take a library built with threads",
                ExitCode.Environment);
        }

        int found = library.SizeOf(library.Binary.World);
        if (processes is int expected && expected != found)
        {
            throw new UserErrorException(
                $"the launcher started {expected} processes, {library.Path} sees {found}; start with that library's own mpiexec, or with "
                    + "srun --mpi=pmi2 (MPICH) or --mpi=pmix (Open MPI)",
                ExitCode.Environment);
        }

        return new MpiJob(library, environment, settings);
    }

    /// <summary>The node of a world rank; 0 until the nodes are known.</summary>
    internal int NodeOf(int rank) => rank < _nodes.Length ? _nodes[rank] : 0;

    /// <summary>The host of a world rank.</summary>
    internal string HostOf(int rank) => rank < _hosts.Length ? _hosts[rank] : "unknown host";

    internal void ThrowIfEnded() => _ended.Token.ThrowIfCancellationRequested();

    /// <summary>Ends waits in this process, now and later; the first reason counts.</summary>
    internal void End(Exception reason)
    {
        if (Interlocked.CompareExchange(ref _reason, reason, null) is not null)
            return;
        _ended.Cancel();
        Progress.WakeWaiting();
    }

    /// <summary>Ends all processes of the job with an exit code; does not return.</summary>
    /// <param name="library">The library.</param>
    /// <param name="code">The exit code.</param>
    /// <param name="isAnnounced">
    /// Whether somebody else makes the launcher end the job. Then this process ends at once: MPI_Abort runs the process's exit handlers
    /// beside the threads that still use what they free.
    /// </param>
    internal static void Abort(MpiLibrary library, ExitCode code, bool isAnnounced)
    {
        if (isAnnounced)
            ExitNow((int)code);
        ExitAfter(s_endLimit, (int)code);
        MpiEnvironment.Abort(library, (int)code);
        ExitNow((int)code);
    }

    /// <summary>
    /// Takes leave: all ranks meet, let messages drain, meet again. Then MPI_Finalize, which in MPICH 4.0 over UCX hangs now and then all
    /// the same: a watchdog ends the process, whose results are written by then.
    /// </summary>
    /// <param name="code">The process's exit code.</param>
    /// <param name="isAnnounced">
    /// Whether somebody else tells the launcher that this process ends well. Then it ends here, without MPI_Finalize: where one rank of a
    /// job hangs in it and another does not, the launcher takes the second for lost.
    /// </param>
    internal void Leave(int code, bool isAnnounced)
    {
        World.Barrier();
        Progress.Dispose();
        ExitAfter(s_endLimit, code);
        // Some launchers hang up the other processes once one has gone; this one's results are written, so it ends as it should.
        using var hungUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, _ => ExitNow(code));
        using var ended = PosixSignalRegistration.Create(PosixSignal.SIGTERM, _ => ExitNow(code));
        Library.Barrier(Library.Binary.World);
        Drain();
        Library.Barrier(Library.Binary.World);
        if (isAnnounced)
        {
            Drain();
            ExitNow(code);
        }

        _environment.Dispose();
    }

    private void Drain()
    {
        long start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start) < s_drain)
            Library.Progress(Library.Binary.World);
    }

    /// <summary>Which process is first on each one's machine, and each one's host.</summary>
    private unsafe (int[] Leaders, string[] Hosts) Survey(nint machine, int process, int processes)
    {
        byte[] all = new byte[processes * SurveyBytes];
        Span<byte> mine = all.AsSpan(process * SurveyBytes, SurveyBytes);
        byte[] name = Encoding.UTF8.GetBytes(Environment.MachineName);
        name.AsSpan(0, Math.Min(name.Length, HostBytes)).CopyTo(mine[sizeof(int)..]);
        BitConverter.TryWriteBytes(mine, process);
        fixed (byte* memory = all)
        {
            Library.Broadcast(memory + (process * SurveyBytes), sizeof(int), 0, machine);
            Library.Gather(memory, SurveyBytes, Library.Binary.World);
        }

        return (
            [.. all.Chunk(SurveyBytes).Select(one => BitConverter.ToInt32(one))],
            [.. all.Chunk(SurveyBytes).Select(one => Encoding.UTF8.GetString(one, sizeof(int), HostBytes).TrimEnd('\0'))]);
    }

    /// <summary>A watchdog: ends the process if it is still there after a time.</summary>
    private static void ExitAfter(TimeSpan limit, int code)
    {
        var watchdog = new Thread(() =>
        {
            Thread.Sleep(limit);
            ExitNow(code);
        })
        {
            IsBackground = true,
            Name = "watchdog",
        };
        watchdog.Start();
    }

    /// <summary>Ends the process without the runtime's or the library's farewells, which are what may hang.</summary>
    [LibraryImport("libc", EntryPoint = "_exit")]
    private static partial void ExitNow(int code);
}
