using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Daso.Tests.CommandLine;

namespace Daso.Tests.Communication.Mpi;

/// <summary>Two nodes of two ranks, joined by links of a limited rate: network namespaces of this machine, made by tests/testbed.</summary>
public sealed class MpiTestbedTests : IDisposable
{
    private readonly Dictionary<string, string> _names = new()
    {
        // Of this process, so that two runs of the tests don't meet.
        ["DASO_TESTBED"] = string.Create(CultureInfo.InvariantCulture, $"dt{Environment.ProcessId % 1_000_000}"),
        ["DASO_TESTBED_NET"] = string.Create(
            CultureInfo.InvariantCulture, $"10.{100 + (Environment.ProcessId / 250 % 100)}.{Environment.ProcessId % 250}"),
    };

    private readonly Program _program = new();

    public void Dispose()
    {
        _ = Nodes("down");
        _program.Dispose();
    }

    [Fact]
    public void A_suite_over_limited_links_trains_to_the_bits_of_the_embedded_cluster()
    {
        RequireLinks();
        string[] suite =
        [
            "suite", "quickstart", "--experiments", "novel-transformer", "--strategies", "daso", "--sequences-per-rank", "18", "--epochs", "3",
            "--seeds", "5", "--warmup-steps", "0",
        ];
        using var embedded = new Program();
        (int exitCode, _, string errors) = embedded.Run(suite);
        Assert.True(exitCode == 0, errors);

        long before = BytesSent();
        (exitCode, string output, errors) = Nodes(
            ["run", "2", "2", "dotnet", Path.Combine(AppContext.BaseDirectory, "Daso.Suites.dll"), .. suite]);
        Assert.True(exitCode == 0, errors);
        Assert.Contains("2 × 2 ranks on cpu; link real (MPI)", output);
        Assert.Equal(Hashes(embedded), Hashes(_program));
        // The baseline sends the model's gradients, over a megabyte, each way in each of 12 steps.
        Assert.True(BytesSent() - before > 2 * 12 * 1_000_000, $"{BytesSent() - before} bytes crossed the links");
    }

    [Fact]
    public void A_preflight_finds_the_limit_of_the_links()
    {
        RequireLinks();
        (int exitCode, string output, string errors) = Nodes(
            "run", "2", "2", "dotnet", Path.Combine(AppContext.BaseDirectory, "Daso.Suites.dll"),
            "preflight", "--seconds", "10", "--max-mib", "4", "--out", Path.Combine(_program.Folder, "preflight.json"));
        Assert.True(exitCode == 0, errors);
        Assert.Contains("2 × 2 ranks", output);
        var report = Daso.Preflight.PreflightReport.Read(Path.Combine(_program.Folder, "preflight.json"));
        // Two global groups share a link of 1 Gbit/s: 0.5 for each, and the bucket lets the first 256 KiB through.
        Assert.All(
            report.Measurements.Where(one => one is { Group: "global", Collective: "all-reduce", Bytes: 4 << 20 }),
            one => Assert.InRange(one.BusBytesPerSecond * 8, 0.05e9, 0.6e9));
        Assert.Equal(["daso", "library"], report.Measurements.Select(one => one.Implementation).Distinct().Order());
    }

    [Fact]
    public void A_rank_that_is_killed_on_another_node_ends_the_job()
    {
        RequireLinks();
        using Process job = StartNodes(
            "run", "2", "2", "dotnet", Path.Combine(AppContext.BaseDirectory, "Daso.Suites.dll"),
            "suite", "quickstart", "--experiments", "novel-transformer", "--seeds", "1");
        string run = RunningJob.WaitForSteps(_program, job, 3);
        long start = Stopwatch.GetTimestamp();
        RunningJob.Signal("KILL", RunningJob.RankProcess(_program, 3));
        (int exitCode, _, string errors) = MpiProcesses.Finish(job);

        Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(10), errors);
        // On a busy machine MPICH's mpiexec now and then trips over its own end on several hosts, and returns 255.
        Assert.True(exitCode is (int)ExitCode.RunFailed or 255, errors);
        Assert.Contains($"rank 3 on {_names["DASO_TESTBED"]}-1: killed by signal 9", errors);
        Assert.True(RunningJob.ReadSteps(run) >= 3);
    }

    /// <summary>Makes the nodes, or skips the test where this machine cannot.</summary>
    private void RequireLinks()
    {
        MpiProcesses.Require();
        Assert.SkipWhen(!Environment.IsPrivilegedProcess, "limited links need root");
        string[] missing = [.. new[] { "ip", "tc" }.Where(tool => !MpiProcesses.IsThere(tool))];
        Assert.SkipWhen(missing.Length > 0 && !MpiProcesses.MustRun, $"{string.Join(", ", missing)} missing; install iproute2");
        (int exitCode, _, string errors) = Nodes("up", "2", "1gbit");
        // Also in CI: a container's root may lack the capability.
        Assert.SkipWhen(
            errors.Contains("Operation not permitted", StringComparison.Ordinal),
            "this root may not make network namespaces (CAP_NET_ADMIN)");
        Assert.True(exitCode == 0, errors);
    }

    private long BytesSent()
    {
        (int exitCode, string output, string errors) = Nodes("bytes");
        Assert.True(exitCode == 0, errors);
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Sum(line => long.Parse(line.Split(' ')[1], CultureInfo.InvariantCulture));
    }

    private (int ExitCode, string Output, string Errors) Nodes(params string[] arguments)
    {
        using Process process = StartNodes(arguments);
        return MpiProcesses.Finish(process);
    }

    private Process StartNodes(params string[] arguments) => MpiProcesses.Start(
        "bash", _program.Folder, [Path.Combine(AppContext.BaseDirectory, "testbed", "nodes"), .. arguments], _names);

    private static string[] Hashes(Program program) => [.. File.ReadLines(Path.Combine(program.RunFolder(), "events.jsonl"))
        .Select(line => JsonDocument.Parse(line).RootElement)
        .Where(one => one.GetProperty("event").GetString() == "cell_ended")
        .Select(one => one.GetProperty("parameters_sha256").GetString()!)];
}
