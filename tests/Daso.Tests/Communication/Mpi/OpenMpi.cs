using System.Diagnostics;

namespace Daso.Tests.Communication.Mpi;

/// <summary>Jobs of four processes under Open MPI's mpirun.</summary>
internal static class OpenMpi
{
    /// <summary>What it tells a process its number by.</summary>
    internal const string RankVariable = "OMPI_COMM_WORLD_RANK";

    private const string Mpirun = "mpirun.openmpi";

    /// <summary>Skips a test where Open MPI is missing; in CI it must be there.</summary>
    internal static void Require() => Assert.SkipWhen(
        !MpiProcesses.IsThere(Mpirun) && !MpiProcesses.MustRun, $"{Mpirun} is missing; install Open MPI (apt: openmpi-bin)");

    /// <summary>Starts a program of the test folder.</summary>
    internal static Process Start(string folder, string program, string[] arguments) => MpiProcesses.Start(
        Mpirun, folder, ["--allow-run-as-root", "--oversubscribe", "--bind-to", "none", .. MpiProcesses.Line(4, program, arguments)]);
}
