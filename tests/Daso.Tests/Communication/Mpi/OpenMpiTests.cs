using System.Diagnostics;
using Daso.Recording;
using Daso.Tests.CommandLine;

namespace Daso.Tests.Communication.Mpi;

/// <summary>Processes under Open MPI's mpirun: another binary interface, the same bits, the same ends.</summary>
public class OpenMpiTests
{
    private static readonly string[] s_suite =
    [
        "suite", "quickstart", "--experiments", "novel-transformer", "--strategies", "daso", "horovod", "--warmup-steps", "0", "--seeds", "5",
        "--nodes", "2", "--steps", "8",
    ];

    [Theory]
    [InlineData(nameof(MpiRankTests.Collectives))]
    [InlineData(nameof(MpiRankTests.Device_memory))]
    public void Four_processes(string test)
    {
        OpenMpi.Require();
        using Process job = OpenMpi.Start(Path.GetTempPath(), "Daso.Tests.dll", MpiProcesses.FilterOf(test));
        (int exitCode, string output, string errors) = MpiProcesses.Finish(job);
        Assert.True(exitCode == 0, output + errors);
    }

    [Fact]
    public void A_library_that_takes_no_GPU_memory_is_refused()
    {
        OpenMpi.Require();
        using Process job = OpenMpi.Start(Path.GetTempPath(), "Daso.Tests.dll", MpiProcesses.FilterOf(nameof(MpiRankTests.Gpu_aware)));
        (int exitCode, _, string errors) = MpiProcesses.Finish(job);
        Assert.SkipWhen(exitCode == 0, "this Open MPI takes GPU memory");
        Assert.Equal((int)ExitCode.Environment, exitCode);
        Assert.Contains("says that it does not take GPU memory", errors);
    }

    [Fact]
    public void A_run_that_was_killed_and_stopped_ends_with_the_bits_of_the_embedded_cluster()
    {
        OpenMpi.Require();
        using Program embedded = new(), program = new();
        Assert.Equal(0, embedded.Run(s_suite).ExitCode);
        string[] suite = [.. s_suite, "--checkpoint-every", "2steps", "--run-note", "note"];

        using (Process killed = OpenMpi.Start(program.Folder, "Daso.Suites.dll", suite))
        {
            RunningJob.WaitForSteps(program, killed, 3);
            RunningJob.Signal("KILL", RunningJob.RankProcess(program, 2, OpenMpi.RankVariable));
            (int killedWith, _, string told) = MpiProcesses.Finish(killed);
            Assert.True(killedWith == (int)ExitCode.RunFailed, $"{killedWith}: {told}");
            Assert.Contains($"rank 2 on {Environment.MachineName}: killed by signal 9", told);
        }

        string run = program.RunFolder();
        using (Process stopped = OpenMpi.Start(program.Folder, "Daso.Suites.dll", suite))
        {
            RunningJob.WaitForSteps(program, stopped, 10);
            RunningJob.Signal("USR1", RunningJob.RankProcess(program, 3, OpenMpi.RankVariable));
            (int stoppedWith, _, string told) = MpiProcesses.Finish(stopped);
            Assert.True(stoppedWith == (int)ExitCode.Stopped, $"{stoppedWith}: {told}");
        }

        Assert.Equal(RunOutcome.Stopped, Manifest.Read(RunFolder.Open(run)).Outcome);
        using Process rest = OpenMpi.Start(program.Folder, "Daso.Suites.dll", suite);
        (int exitCode, string output, string errors) = MpiProcesses.Finish(rest);
        Assert.True(exitCode == 0, $"{exitCode}: {output}{errors}");
        Assert.Contains("2 × 2 ranks on cpu; link real (MPI)", output);
        // The terminal that mpirun gives its processes is none to anybody.
        Assert.DoesNotContain('\u001b', output);
        Assert.Equal(MpiTests.Hashes(embedded.RunFolder()), MpiTests.Hashes(run));
        Assert.Contains("libmpi.so.40", Manifest.Read(RunFolder.Open(run)).Settings["cluster"]);
    }
}
