using System.Diagnostics;
using System.Globalization;
using Daso.Analysis;
using Daso.Recording;
using Daso.Tests.CommandLine;

namespace Daso.Tests.Communication.Mpi;

/// <summary>Jobs of four processes that end early: killed, stopped, interrupted, or started with a mistake.</summary>
public class MpiFailureTests
{
    private const int Processes = 4;
    private const int LimitSeconds = 5;

    /// <summary>Steps that rank 0 takes in all cells: 4 strategies of 10.</summary>
    private const int Steps = 40;

    private static readonly TimeSpan s_toEnd = TimeSpan.FromSeconds(10);

    private static readonly string[] s_suite =
    [
        "suite", "quickstart", "--experiments", "novel-transformer", "--seeds", "1", "--nodes", "2",
    ];

    /// <summary>How many kills are tried, each of another rank at another step: DASO_KILLS, else 2.</summary>
    public static TheoryData<int> Kills()
    {
        string? given = Environment.GetEnvironmentVariable("DASO_KILLS");
        return [.. Enumerable.Range(0, given is null ? 2 : int.Parse(given, CultureInfo.InvariantCulture))];
    }

    [Theory]
    [MemberData(nameof(Kills))]
    public void A_rank_that_is_killed_ends_the_job_soon_and_is_named(int attempt)
    {
        MpiProcesses.Require();
        var random = new Random(Environment.TickCount + attempt);
        int rank = random.Next(Processes), step = random.Next(1, Steps - 5);
        using var program = new Program();
        using Process job = Start(program, "--steps", "10");
        string run = RunningJob.WaitForSteps(program, job, step);
        long start = Stopwatch.GetTimestamp();
        RunningJob.Signal("KILL", RunningJob.RankProcess(program, rank));
        (int exitCode, _, string errors) = MpiProcesses.Finish(job);
        TimeSpan elapsed = Stopwatch.GetElapsedTime(start);

        string told = $"rank {rank} at step {step}, after {elapsed.TotalSeconds:0.0} s with {exitCode}: {errors}";
        Assert.True(elapsed < s_toEnd, told);
        Assert.True(exitCode == (int)ExitCode.RunFailed, told);
        Assert.True(errors.Contains($"rank {rank} on {Environment.MachineName}: killed by signal 9", StringComparison.Ordinal), told);
        Assert.True(RunningJob.ReadSteps(run) >= step, told);
        Assert.Equal(6, RunSummary.Read(run).Experiments[0].Strategies.Count);
    }

    [Fact]
    public void A_rank_that_stops_answering_ends_the_job_after_the_limit()
    {
        MpiProcesses.Require();
        using var program = new Program();
        using Process job = Start(program, "--comm-timeout", LimitSeconds.ToString(CultureInfo.InvariantCulture));
        string run = RunningJob.WaitForSteps(program, job, 3);
        long start = Stopwatch.GetTimestamp();
        RunningJob.Signal("STOP", RunningJob.RankProcess(program, 2));
        (int exitCode, _, string errors) = MpiProcesses.Finish(job);

        Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(LimitSeconds) + s_toEnd, errors);
        Assert.Equal((int)ExitCode.RunFailed, exitCode);
        Assert.Contains($"not done within {LimitSeconds} s", errors);
        Assert.Contains($"({Environment.MachineName})", errors);
        Assert.True(RunningJob.ReadSteps(run) >= 3);
    }

    [Fact]
    public void Ctrl_c_closes_the_records()
    {
        MpiProcesses.Require();
        using var program = new Program();
        using Process job = Start(program);
        string run = RunningJob.WaitForSteps(program, job, 3);
        RunningJob.Signal("INT", job.Id);
        (int exitCode, _, string errors) = MpiProcesses.Finish(job);

        Assert.True(exitCode == (int)ExitCode.Cancelled, errors);
        Assert.Equal(RunOutcome.Cancelled, Manifest.Read(RunFolder.Open(run)).Outcome);
        Assert.True(RunningJob.ReadSteps(run) >= 3);
    }

    [Fact]
    public void Ranks_that_would_train_something_else_are_named()
    {
        MpiProcesses.Require();
        using var program = new Program();
        string[] others = MpiProcesses.Line(2, "Daso.Suites.dll", [.. s_suite, "--steps", "1", "--seeds", "2"]);
        using Process job = MpiProcesses.Start(
            program.Folder, [.. MpiProcesses.Line(2, "Daso.Suites.dll", [.. s_suite, "--steps", "1"]), ":", .. others]);
        (int exitCode, string output, string errors) = MpiProcesses.Finish(job);

        Assert.Equal((int)ExitCode.Usage, exitCode);
        Assert.Contains("rank 2, 3: another specification", errors);
        Assert.Empty(output);
        Assert.Empty(Directory.GetFileSystemEntries(program.Folder));
    }

    [Theory]
    [InlineData("--resume", "somewhere", "somewhere: no manifest.json; name the folder of a run")]
    [InlineData("--link", "1gbit,50us", "--link 1gbit,50us: links are emulated on the embedded cluster only")]
    public void What_is_not_for_mpi_is_refused_in_one_line(string option, string value, string message)
    {
        MpiProcesses.Require();
        using var program = new Program();
        (int exitCode, string output, string errors) =
            MpiProcesses.Run(Processes, program.Folder, "Daso.Suites.dll", [.. s_suite, option, value]);

        Assert.Equal((int)ExitCode.Usage, exitCode);
        Assert.Empty(output);
        Assert.Contains(message, Assert.Single(errors.Split('\n'), line => line.StartsWith("error: ", StringComparison.Ordinal)));
    }

    private static Process Start(Program program, params string[] more) =>
        MpiProcesses.Start(program.Folder, MpiProcesses.Line(Processes, "Daso.Suites.dll", [.. s_suite, .. more]));
}
