using System.Diagnostics;
using System.Text.Json;
using Daso.Recording;
using Daso.Tests.CommandLine;

namespace Daso.Tests.Communication.Mpi;

/// <summary>Processes under MPICH.</summary>
public class MpiTests
{
    [Theory]
    [InlineData(nameof(MpiRankTests.Collectives))]
    [InlineData(nameof(MpiRankTests.Two_levels))]
    [InlineData(nameof(MpiRankTests.Overlap))]
    [InlineData(nameof(MpiRankTests.Groups_do_not_wait_for_each_other))]
    [InlineData(nameof(MpiRankTests.Memory_that_arrives_late))]
    [InlineData(nameof(MpiRankTests.Device_memory))]
    [InlineData(nameof(MpiRankTests.Agreed_failure))]
    [InlineData(nameof(MpiRankTests.Stop))]
    [InlineData(nameof(MpiRankTests.Training_that_fails_on_one_rank))]
    public void Four_processes(string test)
    {
        MpiProcesses.Require();
        (int exitCode, string output, string errors) = MpiProcesses.RunTest(4, test);
        Assert.True(exitCode == 0, output + errors);
    }

    /// <summary>No power of two, and more than two: pieces have homes among all, small sums go in rounds.</summary>
    [Fact]
    public void Five_nodes()
    {
        MpiProcesses.Require();
        (int exitCode, string output, string errors) = MpiProcesses.RunTest(5, nameof(MpiRankTests.Collectives_between_nodes));
        Assert.True(exitCode == 0, output + errors);
    }

    [Theory]
    [InlineData(nameof(MpiRankTests.Failure), "rank 2 failed", "the disk is full")]
    [InlineData(nameof(MpiRankTests.Failure_amid_operations), "touches of freed memory: 0", "the disk is full")]
    [InlineData(
        nameof(MpiRankTests.Absence),
        "all-reduce (Sum, Float32) of 3 elements on world not done within 1 s",
        "missing: rank 3 (")]
    public void A_job_that_fails_ends_soon_and_says_why(string test, string what, string why)
    {
        MpiProcesses.Require();
        long start = Stopwatch.GetTimestamp();
        (int exitCode, _, string errors) = MpiProcesses.RunTest(4, test);
        Assert.Equal((int)ExitCode.RunFailed, exitCode);
        Assert.Contains(what, errors);
        Assert.Contains(why, errors);
        Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(30));
    }

    [Fact]
    public void A_suite_trains_to_the_bits_of_the_embedded_cluster_and_is_repeated()
    {
        MpiProcesses.Require();
        string[] arguments =
        [
            "suite", "quickstart", "--experiments", "novel-transformer", "--steps", "3", "--warmup-steps", "0", "--seeds", "5",
            "--nodes", "2",
        ];
        using var embedded = new Program();
        Assert.Equal(0, embedded.Run(arguments).ExitCode);
        using var processes = new Program();
        (int exitCode, string output, string errors) = MpiProcesses.Run(4, processes.Folder, "Daso.Suites.dll", arguments);

        Assert.True(exitCode == 0, errors);
        Assert.Contains("daso", output);
        Assert.Equal(Hashes(embedded.RunFolder()), Hashes(processes.RunFolder()));
        // 6 strategies × 4 ranks: each process wrote its own.
        string run = processes.RunFolder();
        Assert.Equal(24, Directory.GetFiles(Path.Combine(run, "timings"), "*.parquet").Length);

        (exitCode, output, errors) = MpiProcesses.Run(4, processes.Folder, "Daso.Suites.dll", "replay", run);
        Assert.True(exitCode == 0, output + errors);
        Assert.Contains("compared bit by bit", output);
        Assert.EndsWith("reproduced\n", output);

        (exitCode, _, errors) = processes.Run("replay", run);
        Assert.Equal((int)ExitCode.Usage, exitCode);
        Assert.Contains("the run was started under MPI; start replay likewise, 4 ranks on 2 node(s)", errors);
        (exitCode, _, errors) = MpiProcesses.Run(4, embedded.Folder, "Daso.Suites.dll", "replay", embedded.RunFolder());
        Assert.Equal((int)ExitCode.Usage, exitCode);
        Assert.Contains("replay it without mpiexec or srun", errors);
    }

    /// <summary>Each of two ranks bound to a core of its own, then both unbound: which cores a rank takes is in the manifest.</summary>
    [Theory]
    [InlineData("taskset -c 0", "taskset -c 1", "0 | 1, each rank its own")]
    [InlineData("taskset -c 0,1", "taskset -c 0,1", "0-1, shared by 2 ranks")]
    [InlineData("taskset -c 0", "taskset -c 0,1", "0 | 0-1, ranks overlap")]
    public void A_bound_rank_takes_its_own_cores(string first, string second, string cores)
    {
        MpiProcesses.Require();
        Assert.SkipWhen(Environment.ProcessorCount < 2, "takes two cores");
        using var program = new Program();
        string[] suite =
        [
            "dotnet", Path.Combine(AppContext.BaseDirectory, "Daso.Suites.dll"), "suite", "quickstart", "--experiments", "novel-transformer",
            "--strategies", "ddp", "--steps", "1", "--warmup-steps", "0", "--seeds", "1",
        ];
        string[] line = ["-n", "1", .. first.Split(' '), .. suite, ":", "-n", "1", .. second.Split(' '), .. suite];
        using Process process = MpiProcesses.Start(program.Folder, line);
        (int exitCode, _, string errors) = MpiProcesses.Finish(process);

        Assert.True(exitCode == 0, errors);
        IReadOnlyDictionary<string, string> settings = Manifest.Read(RunFolder.Open(program.RunFolder())).Settings;
        Assert.Equal((cores, "1"), (settings["cores"], settings["threadsPerRank"]));
        Assert.StartsWith("GOMP_SPINCOUNT=", settings["openMp"]);
    }

    [Fact]
    public void Preflight_measures_and_checks()
    {
        MpiProcesses.Require();
        (int exitCode, string output, string errors) = MpiProcesses.Run(
            4, Path.GetTempPath(), "Daso.Suites.dll", "preflight", "--max-mib", "1", "--seconds", "5", "--nodes", "2");
        Assert.True(exitCode == 0, errors);
        Assert.Contains("2 × 2 ranks: processes under MPI", output);
        Assert.Contains("global", output);
    }

    internal static string[] Hashes(string run) => [.. File.ReadLines(Path.Combine(run, "events.jsonl"))
        .Select(line => JsonDocument.Parse(line).RootElement)
        .Where(one => one.GetProperty("event").GetString() == "cell_ended")
        .Select(one => one.GetProperty("parameters_sha256").GetString()!)];
}
