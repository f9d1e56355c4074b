using Daso.Analysis;
using Daso.Recording;
using Daso.Tests.CommandLine;
using Daso.Tests.Communication.Mpi;

namespace Daso.Tests.Cluster;

/// <summary>Jobs that <c>launch</c> writes, under a real Slurm: to their end, and ended early in the ways that Slurm has.</summary>
public sealed class SlurmTests(SlurmCluster slurm) : IClassFixture<SlurmCluster>, IDisposable
{
    private static readonly string[] s_suite =
    [
        "suite", "quickstart", "--experiments", "novel-transformer", "--strategies", "ddp", "--warmup-steps", "0",
    ];

    private readonly Program _program = new();

    public void Dispose() => _program.Dispose();

    [Fact]
    public void A_job_runs_to_its_table()
    {
        slurm.Require();
        string job = Submit("--steps", "2", "--seeds", "1", "--sbatch", "comment=a|b (c)", "nodelist=n[1-2]");
        Assert.Equal(["COMPLETED"], slurm.WaitForEnd(job));
        Assert.Contains("novel-transformer: 2 × 2 ranks on cpu; link real (MPI); seed 1; baseline ddp", Output(job));
        Assert.Contains("Comment=a|b (c)", slurm.Ask("scontrol", "show", "job", job));
        Assert.Equal(4, Directory.GetFiles(Path.Combine(_program.RunFolder(), "timings"), "*.parquet").Length);
    }

    /// <summary>Slurm asks the processes to end and gives them time: they stop after one step, with checkpoints to go on from.</summary>
    [Theory]
    [InlineData("CANCELLED")]
    [InlineData("TIMEOUT")]
    public void A_job_that_is_cancelled_or_out_of_time_can_go_on(string state)
    {
        slurm.Require();
        string job = SubmitEndless();
        string run = WaitForSteps(job);
        if (state == "CANCELLED")
            slurm.Ask("scancel", job);
        else
            slurm.Ask("scontrol", "update", $"jobid={job}", "endtime=now");

        Assert.Equal([state], slurm.WaitForEnd(job));
        Assert.Equal(RunOutcome.Stopped, Manifest.Read(RunFolder.Open(run)).Outcome);
        Assert.Equal(4, Directory.GetFiles(Path.Combine(run, "checkpoints"), "*.ckpt").Length);
    }

    [Fact]
    public void A_rank_that_is_killed_ends_the_job_and_is_named()
    {
        slurm.Require();
        string job = SubmitEndless();
        string run = WaitForSteps(job);
        RunningJob.Signal("KILL", RunningJob.RankProcess(_program, 2, "SLURM_PROCID"));

        Assert.Equal(["FAILED"], slurm.WaitForEnd(job));
        Assert.Contains($"rank 2 on {Environment.MachineName}: killed by signal 9", Output(job));
        Assert.True(RunningJob.ReadSteps(run) >= 3);
    }

    [Fact]
    public void A_node_that_goes_down_ends_the_job_and_leaves_its_records()
    {
        slurm.Require();
        string job = SubmitEndless("--sbatch", "no-requeue");
        string run = WaitForSteps(job);
        slurm.CutOff("n2");

        Assert.Equal(["NODE_FAIL"], slurm.WaitForEnd(job));
        Assert.True(RunningJob.ReadSteps(run) >= 3);
        Assert.Single(RunSummary.Read(run).Incomplete);
    }

    [Fact]
    public void Jobs_of_an_array_make_runs_that_are_reported_and_compared_together()
    {
        slurm.Require();
        string job = Submit("--steps", "2", "--seeds", "1", "2", "--array", "seeds");
        Assert.Equal(["COMPLETED", "COMPLETED"], slurm.WaitForEnd(job));

        string folder = Path.Combine(_program.Folder, "artifacts", "runs");
        string[] runs = Directory.GetDirectories(folder);
        Assert.Equal([1, 2], runs.Select(run => Manifest.Read(RunFolder.Open(run)).Experiments[0].Seeds.Single()).Order());
        (int exitCode, _, string errors) = _program.Run(["report", .. runs, "--out", "report"]);
        Assert.True(exitCode == 0, errors);
        (exitCode, string output, errors) = _program.Run("compare", folder, folder);
        Assert.True(exitCode == 0, errors);
        Assert.Contains("runs: 2", output);
    }

    private string WaitForSteps(string job) =>
        RunningJob.WaitForSteps(_program, 3, () => slurm.HasEnded(job) ? Outputs() : null);

    private string SubmitEndless(params string[] options) => Submit(["--epochs", "100000", "--seeds", "1", .. options]);

    private string Submit(params string[] options)
    {
        string script = Path.Combine(_program.Folder, "job.sh");
        (int exitCode, _, string errors) = _program.Run(
            ["launch", "--script", script, .. s_suite, "--nodes", "2", "--ranks-per-node", "2", .. options]);
        Assert.True(exitCode == 0, errors);
        return slurm.Submit(script, _program.Folder);
    }

    private string Outputs() => string.Concat(Directory.GetFiles(_program.Folder, "*.out").Select(File.ReadAllText));

    private string Output(string job) => File.ReadAllText(Path.Combine(_program.Folder, $"daso-quickstart-{job}.out"));
}
