using System.Diagnostics;
using Daso.Recording;
using Daso.Tests.CommandLine;

namespace Daso.Tests.Communication.Mpi;

/// <summary>Runs of four processes that are ended and go on.</summary>
public class MpiResumeTests
{
    private const int Processes = 4;
    private const int Steps = 12;

    private static readonly string[] s_suite =
    [
        "suite", "quickstart", "--experiments", "novel-transformer", "--strategies", "daso", "horovod", "--seeds", "1", "--nodes", "2",
        "--warmup-steps", "0", "--steps", "12",
    ];

    [Fact]
    public void A_run_that_was_killed_and_stopped_ends_with_the_bits_of_one_that_was_not()
    {
        MpiProcesses.Require();
        using var whole = new Program();
        Assert.Equal(0, whole.Run(s_suite).ExitCode);

        using var program = new Program();
        string[] line = MpiProcesses.Line(
            Processes, "Daso.Suites.dll", [.. s_suite, "--checkpoint-every", "3steps", "--checkpoint-folder", "local", "--run-note", "note"]);
        using (Process killed = MpiProcesses.Start(program.Folder, line))
        {
            RunningJob.WaitForSteps(program, killed, 5);
            RunningJob.Signal("KILL", RunningJob.RankProcess(program, 2));
            Assert.Equal((int)ExitCode.RunFailed, MpiProcesses.Finish(killed).ExitCode);
        }

        string run = program.RunFolder();
        using (Process stopped = MpiProcesses.Start(program.Folder, line))
        {
            RunningJob.WaitForSteps(program, stopped, Steps + 5);
            // One process is told, all stop.
            RunningJob.Signal("USR1", RunningJob.RankProcess(program, 3));
            (int stoppedWith, _, string told) = MpiProcesses.Finish(stopped);
            Assert.True(stoppedWith == (int)ExitCode.Stopped, $"{stoppedWith}: {told}");
            Assert.Contains($"stopped; the records are in {run}; the same command with --resume", told);
        }

        Assert.Equal(RunOutcome.Stopped, Manifest.Read(RunFolder.Open(run)).Outcome);
        (int exitCode, string output, string errors) = Run(program, 2, "--ranks-per-node", "1", "--resume", run);
        Assert.True(exitCode == (int)ExitCode.Usage, $"{exitCode}: {output}{errors}");
        Assert.Contains("the run has 2 × 2 ranks, here are 2 × 1; ", errors);
        (exitCode, output, errors) = program.Run([.. s_suite, "--link", "unlimited", "--resume", run]);
        Assert.True(exitCode == (int)ExitCode.Usage, $"{exitCode}: {output}{errors}");
        Assert.Contains("the run was started under MPI; resume it under mpiexec or srun, too", errors);

        using Process rest = MpiProcesses.Start(program.Folder, line);
        (exitCode, output, errors) = MpiProcesses.Finish(rest);
        Assert.True(exitCode == 0, $"{exitCode}: {output}{errors}");
        Assert.Contains("daso", output);
        Assert.Equal(run, program.RunFolder());
        Assert.Equal(MpiTests.Hashes(whole.RunFolder()), MpiTests.Hashes(run));
        Assert.Empty(Directory.GetFiles(Path.Combine(program.Folder, "local"), "*", SearchOption.AllDirectories));
    }

    /// <summary>A scheduler signals all processes of a job, whose time may be up before its ranks have started.</summary>
    [Fact]
    public void A_job_that_is_asked_to_stop_while_it_starts_stops_when_it_has_started()
    {
        MpiProcesses.Require();
        using var program = new Program();
        using Process job = MpiProcesses.Start(program.Folder, MpiProcesses.Line(Processes, "Daso.Suites.dll", s_suite));
        int rank;
        while ((rank = RunningJob.RankProcesses(program, 1).FirstOrDefault()) == 0)
            Assert.False(job.HasExited);
        RunningJob.Signal("USR1", rank);
        RunningJob.Signal("USR1", RunningJob.ParentOf(rank));

        (int exitCode, _, string errors) = MpiProcesses.Finish(job);
        Assert.True(exitCode == (int)ExitCode.Stopped, $"{exitCode}: {errors}");
        Assert.Equal(RunOutcome.Stopped, Manifest.Read(RunFolder.Open(program.RunFolder())).Outcome);
    }

    private static (int ExitCode, string Output, string Errors) Run(Program program, int processes, params string[] more) =>
        MpiProcesses.Run(processes, program.Folder, "Daso.Suites.dll", [.. s_suite, .. more]);
}
