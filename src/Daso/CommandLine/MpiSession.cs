using Daso.Cluster;
using Daso.Communication.Mpi;
using Daso.Training;

namespace Daso.CommandLine;

/// <summary>A command as one of the processes that a launcher has started.</summary>
internal static class MpiSession
{
    /// <summary>Joins the job, runs a body, and takes leave; a failure ends all processes of the job.</summary>
    /// <param name="launcher">Who started this process.</param>
    /// <param name="library">The value of --mpi-library.</param>
    /// <param name="device">cpu or cuda.</param>
    /// <param name="settings">What the user has set about the job.</param>
    /// <param name="body">The command; returns the exit code.</param>
    internal static int Run(Launcher launcher, string? library, string device, MpiSettings settings, Func<ICluster, int> body)
    {
        // Before MPI starts, mistakes are this process's own: it ends, and the launcher ends the others.
        MpiLibrary loaded = MpiLibrary.Load(library);
        Allocator.Configure();
        Func<int, TorchSharp.torch.Device> deviceOf = Devices.ForRanks(device);
        try
        {
            MpiJob job = MpiJob.Start(loaded, launcher.Processes, settings);
            int code = body(new MpiCluster(job, deviceOf));
            job.Leave();
            return code;
        }
        catch (Exception failure)
        {
            (string message, ExitCode code) = Failure.Explain(failure);
            Console.Error.WriteLine($"error: rank {launcher.Rank} on {Environment.MachineName}: {message.ReplaceLineEndings(" ")}");
            MpiJob.Abort(code);
            return (int)code;
        }
    }
}
