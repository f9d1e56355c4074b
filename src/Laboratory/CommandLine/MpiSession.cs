using Daso.Cluster;
using Daso.Communication.Mpi;
using Daso.Training;

namespace Daso.CommandLine;

/// <summary>A command as one of the processes that a launcher has started.</summary>
internal static class MpiSession
{
    // A launcher passes on what was written, and may lose what it has not passed on when the job is aborted.
    private static readonly TimeSpan s_passedOn = TimeSpan.FromSeconds(0.3);
    private static readonly TimeSpan s_othersLeave = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan s_othersClose = TimeSpan.FromSeconds(0.5);
    private static readonly TimeSpan s_firstCloses = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Refuses a command line. All processes of a launcher have the same one, so one speaks for all; a failure of another could end it
    /// before it has spoken.
    /// </summary>
    /// <param name="launcher">Who started this process; null: a user did.</param>
    /// <param name="mistake">What is wrong, and the mend.</param>
    /// <returns>The exit code of a process that another speaks for.</returns>
    /// <exception cref="UserErrorException">This process speaks.</exception>
    internal static int Refuse(Launcher? launcher, string mistake) =>
        launcher is null or { Rank: 0 } ? throw new UserErrorException(mistake) : (int)ExitCode.Done;

    /// <summary>Joins the job, runs a body, and takes leave; a failure ends all processes of the job.</summary>
    /// <param name="launcher">Who started this process.</param>
    /// <param name="library">The value of --mpi-library.</param>
    /// <param name="device">cpu or cuda.</param>
    /// <param name="settings">What the user has set about the job.</param>
    /// <param name="body">The command; returns the exit code.</param>
    internal static int Run(Launcher launcher, string? library, string device, MpiSettings settings, Func<ICluster, int> body)
    {
        // Before MPI starts, mistakes are this process's own: it ends, and the launcher ends the others.
        MpiLibrary loaded = MpiLibrary.Load(library, launcher.PrefersOpenMpi);
        Allocator.Configure();
        Func<int, TorchSharp.torch.Device> deviceOf = Devices.ForRanks(device);
        // The machine's numbering: nodes that were dealt out on one machine share its GPUs.
        if (launcher.LocalRank is int local)
        {
            TorchSharp.torch.Device mine = deviceOf(local);
            deviceOf = _ => mine;
        }

        try
        {
            MpiJob job = MpiJob.Start(loaded, launcher.Processes, settings);
            int code = body(new MpiCluster(job, deviceOf));
            if (code != (int)ExitCode.Done)
                Thread.Sleep(s_passedOn);
            job.Leave(code, RankGuard.TellsLauncher);
            // A launcher ends the others when one has exited with a code that is not 0, and would then report their ends.
            if (code != (int)ExitCode.Done)
                Thread.Sleep(s_othersLeave);
            return code;
        }
        catch (Exception failure)
        {
            (string message, ExitCode code) = Failure.Explain(failure);
            Console.Error.WriteLine($"error: rank {launcher.Rank} on {Environment.MachineName}: {message.ReplaceLineEndings(" ")}");
            // After Ctrl-C every rank closes its records, and the first the run's: it ends the job, once the others have had their time.
            Thread.Sleep(code != ExitCode.Cancelled ? s_passedOn : launcher.Rank == 0 ? s_othersClose : s_firstCloses);
            MpiJob.Abort(loaded, code, RankGuard.TellsLauncher);
            return (int)code;
        }
    }
}
