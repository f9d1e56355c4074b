using Daso.Cluster;

namespace Daso.Tests.Cluster;

public class LauncherTests
{
    [Theory]
    [InlineData("PMI_RANK=3 PMI_SIZE=4", "PMI", 3, 4)]
    [InlineData("OMPI_COMM_WORLD_RANK=1 OMPI_COMM_WORLD_SIZE=2 PMIX_RANK=1", "Open MPI", 1, 2)]
    [InlineData("PMIX_RANK=1", "PMIx", 1, null)]
    [InlineData("SLURM_PROCID=2 SLURM_STEP_NUM_TASKS=8", "Slurm", 2, 8)]
    [InlineData("SLURM_PROCID=2 SLURM_STEP_NUM_TASKS=8 PMIX_RANK=2", "PMIx", 2, 8)]
    [InlineData("SLURM_PROCID=2 SLURM_STEP_NUM_TASKS=8 PMI_RANK=2 PMI_SIZE=8", "PMI", 2, 8)]
    public void A_process_knows_its_launcher(string environment, string name, int rank, int? processes) =>
        Assert.Equal(new Launcher(name, rank, processes), Launcher.Detect(Variables(environment)));

    [Theory]
    [InlineData("PMI_RANK=3 PMI_SIZE=4", null)]
    [InlineData("PMI_RANK=3 PMI_SIZE=4 SLURM_LOCALID=1", 1)]
    [InlineData("PMI_RANK=3 PMI_SIZE=4 SLURM_LOCALID=0 MPI_LOCALRANKID=1", 1)]
    [InlineData("PALS_RANKID=3 PALS_LOCAL_RANKID=2", 2)]
    [InlineData("OMPI_COMM_WORLD_RANK=3 OMPI_COMM_WORLD_LOCAL_RANK=1 SLURM_LOCALID=0", 1)]
    public void A_process_knows_its_place_on_its_machine(string environment, int? localRank) =>
        Assert.Equal(localRank, Launcher.Detect(Variables(environment))!.LocalRank);

    [Theory]
    [InlineData("HOME=/root")]
    [InlineData("SLURM_PROCID=0 SLURM_NTASKS=4")] // a batch script is no step
    [InlineData("SLURM_PROCID=0 SLURM_STEP_NUM_TASKS=1")] // srun --pty
    [InlineData("SLURM_PROCID=0 SLURM_STEP_NUM_TASKS=1 PMIX_RANK=0")] // srun --mpi=pmix --pty
    [InlineData("PMI_RANK=")]
    public void Elsewhere_there_is_none(string environment) => Assert.Null(Launcher.Detect(Variables(environment)));

    [Fact]
    public void A_step_of_one_task_is_a_rank_where_the_user_says_so()
    {
        Func<string, string?> step = Variables("SLURM_PROCID=0 SLURM_STEP_NUM_TASKS=1");
        Assert.Null(Launcher.Detect(step));
        Assert.Equal(new Launcher("Slurm", 0, 1), Launcher.Detect(step, isCertain: true));
        Assert.Null(Launcher.Detect(Variables("HOME=/root"), isCertain: true));
    }

    [Theory]
    [InlineData("OMPI_COMM_WORLD_RANK=0 PMIX_RANK=0", true)]
    [InlineData("SLURM_PROCID=2 SLURM_STEP_NUM_TASKS=8 PMIX_RANK=2", true)]
    [InlineData("SLURM_PROCID=2 SLURM_STEP_NUM_TASKS=8 PMI_RANK=2", false)]
    [InlineData("PALS_RANKID=0", false)]
    public void The_launcher_says_whose_library_comes_first(string environment, bool prefersOpenMpi) =>
        Assert.Equal(prefersOpenMpi, Launcher.Detect(Variables(environment))!.PrefersOpenMpi);

    private static Func<string, string?> Variables(string environment)
    {
        Dictionary<string, string> variables = environment.Split(' ').Select(one => one.Split('=')).ToDictionary(one => one[0], one => one[1]);
        return name => variables.GetValueOrDefault(name);
    }
}
