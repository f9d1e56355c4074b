using System.Globalization;

namespace Daso.Cluster;

/// <summary>What a launcher (mpiexec, srun) tells a process that it has started, by environment variables.</summary>
/// <param name="Name">The launcher's protocol.</param>
/// <param name="Rank">This process's number.</param>
/// <param name="Processes">How many were started; null: not told.</param>
/// <param name="LocalRank">This process's number on its machine; null: not told.</param>
internal sealed record Launcher(string Name, int Rank, int? Processes, int? LocalRank = null)
{
    // MPICH's mpiexec inside a Slurm job is first: Slurm's variable is then the one of its own step.
    private static readonly string[] s_localRanks = ["MPI_LOCALRANKID", "PALS_LOCAL_RANKID", "SLURM_LOCALID"];

    // Slurm sets SLURM_PROCID in a batch script too, which is no rank: only a step has the number of its tasks. A step of one task is
    // a shell (srun --pty) or a program that somebody started by hand.
    private static readonly (string Name, string Rank, string Processes, bool NeedsBoth)[] s_known =
    [
        ("Open MPI", "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", false),
        ("PMI", "PMI_RANK", "PMI_SIZE", false),
        ("PALS", "PALS_RANKID", "PALS_SIZE", false),
        ("Slurm", "SLURM_PROCID", "SLURM_STEP_NUM_TASKS", true),
        ("PMIx", "PMIX_RANK", "PMIX_SIZE", false),
    ];

    /// <summary>Looks for a launcher; null: the program was started by hand.</summary>
    /// <param name="variable">The environment.</param>
    /// <param name="isCertain">Whether a step of one task is known to be a rank.</param>
    /// <exception cref="UserErrorException">The launcher's library has another binary interface.</exception>
    internal static Launcher? Detect(Func<string, string?> variable, bool isCertain = false)
    {
        foreach ((string name, string rankName, string processesName, bool needsBoth) in s_known)
        {
            if (Number(variable(rankName)) is not int rank)
                continue;
            int? processes = Number(variable(processesName));
            if (needsBoth && (processes is null || (processes == 1 && !isCertain)))
                continue;
            return name == "Open MPI"
                ? throw new UserErrorException(
                    "started by Open MPI's mpirun, whose library has another binary interface; start with MPICH's mpiexec (mpiexec.mpich)",
                    ExitCode.Environment)
                : new Launcher(
                    name, rank, processes, s_localRanks.Select(one => Number(variable(one))).FirstOrDefault(one => one is not null));
        }

        return null;
    }

    private static int? Number(string? text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : null;
}
