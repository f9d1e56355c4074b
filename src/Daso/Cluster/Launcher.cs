using System.Globalization;

namespace Daso.Cluster;

/// <summary>What a launcher (mpiexec, mpirun, srun) tells a process that it has started, by environment variables.</summary>
/// <param name="Name">The launcher's protocol.</param>
/// <param name="Rank">This process's number.</param>
/// <param name="Processes">How many were started; null: not told.</param>
/// <param name="LocalRank">This process's number on its machine; null: not told.</param>
internal sealed record Launcher(string Name, int Rank, int? Processes, int? LocalRank = null)
{
    private const string OpenMpi = "Open MPI";
    private const string Pmix = "PMIx";

    // A launcher's own, inside a Slurm job, is first: Slurm's variable is then the one of its own step.
    private static readonly string[] s_localRanks = ["MPI_LOCALRANKID", "OMPI_COMM_WORLD_LOCAL_RANK", "PALS_LOCAL_RANKID", "SLURM_LOCALID"];

    // Slurm sets SLURM_PROCID in a batch script too, which is no rank: only a step has the number of its tasks. A step of one task is
    // a shell (srun --pty) or a program that somebody started by hand.
    private static readonly (string Name, string Rank, string Processes, bool IsStep)[] s_known =
    [
        (OpenMpi, "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", false),
        ("PMI", "PMI_RANK", "PMI_SIZE", false),
        ("PALS", "PALS_RANKID", "PALS_SIZE", false),
        (Pmix, "PMIX_RANK", "SLURM_STEP_NUM_TASKS", true),
        ("Slurm", "SLURM_PROCID", "SLURM_STEP_NUM_TASKS", true),
        (Pmix, "PMIX_RANK", "PMIX_SIZE", false),
    ];

    /// <summary>Whether programs that it starts are more often Open MPI's than of MPICH's family: its own mpirun, and srun --mpi=pmix.</summary>
    internal bool PrefersOpenMpi => Name is OpenMpi or Pmix;

    /// <summary>Looks for a launcher; null: the program was started by hand.</summary>
    /// <param name="variable">The environment.</param>
    /// <param name="isCertain">Whether a step of one task is known to be a rank.</param>
    internal static Launcher? Detect(Func<string, string?> variable, bool isCertain = false)
    {
        foreach ((string name, string rankName, string processesName, bool isStep) in s_known)
        {
            if (Number(variable(rankName)) is not int rank)
                continue;
            int? processes = Number(variable(processesName));
            if (isStep && processes is null)
                continue;
            if (isStep && processes == 1 && !isCertain)
                return null;
            return new Launcher(
                name, rank, processes, s_localRanks.Select(one => Number(variable(one))).FirstOrDefault(one => one is not null));
        }

        return null;
    }

    private static int? Number(string? text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : null;
}
