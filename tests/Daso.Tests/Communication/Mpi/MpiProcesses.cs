using System.Diagnostics;
using Daso.Cluster;
using Daso.CommandLine;
using Daso.Communication.Mpi;

namespace Daso.Tests.Communication.Mpi;

/// <summary>Tests in processes under MPICH's mpiexec.</summary>
internal static class MpiProcesses
{
    private const string Mpiexec = "mpiexec.mpich";
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(2);

    /// <summary>Skips a test where MPICH is missing; in CI it must be there.</summary>
    internal static void Require()
    {
        bool isThere = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .Any(folder => File.Exists(Path.Combine(folder, Mpiexec)));
        bool mustRun = Environment.GetEnvironmentVariable("CI") == "true";
        Assert.SkipWhen(!isThere && !mustRun, $"{Mpiexec} is missing; install MPICH (apt: mpich)");
    }

    /// <summary>Runs a test of <see cref="MpiRankTests"/> in processes.</summary>
    internal static (int ExitCode, string Output, string Errors) RunTest(int processes, string method) => Run(
        processes,
        Path.GetTempPath(),
        "Daso.Tests.dll",
        "--explicit",
        "only",
        "--filter-method",
        $"{typeof(MpiRankTests).FullName}.{method}");

    /// <summary>Runs a program of the test folder in processes, to its end.</summary>
    internal static (int ExitCode, string Output, string Errors) Run(int processes, string folder, string program, params string[] arguments)
    {
        string count = processes.ToString(System.Globalization.CultureInfo.InvariantCulture);
        string path = Path.Combine(AppContext.BaseDirectory, program);
        using Process process = Process.Start(new ProcessStartInfo(Mpiexec, ["-n", count, "dotnet", path, .. arguments])
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(s_limit))
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"still running after {s_limit}");
        }

        return (process.ExitCode, output.Result, errors.Result);
    }

    /// <summary>In one of the processes: takes part as 2 × 2 ranks.</summary>
    internal static void TakePart(Action<RankContext> body, double limitSeconds = 60, bool isGpuAware = false)
    {
        Launcher launcher = Launcher.Detect(Environment.GetEnvironmentVariable) ?? throw new InvalidOperationException("not under mpiexec");
        var settings = new MpiSettings(TimeSpan.FromSeconds(limitSeconds), (2, 2), IsGpuAware: isGpuAware);
        MpiSession.Run(launcher, null, "cpu", settings, cluster =>
        {
            cluster.Run(body);
            return 0;
        });
    }
}
