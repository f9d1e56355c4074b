using System.Diagnostics;
using Daso.Cluster;
using Daso.CommandLine;
using Daso.Communication;
using Daso.Communication.Mpi;
using Daso.Tests.CommandLine;

namespace Daso.Tests.Communication.Mpi;

/// <summary>Tests in processes under MPICH's mpiexec.</summary>
internal static class MpiProcesses
{
    private const string Mpiexec = "mpiexec.mpich";
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(2);

    /// <summary>Skips a test where MPICH is missing; in CI it must be there.</summary>
    internal static void Require()
    {
        Assert.SkipWhen(!IsThere(Mpiexec) && !MustRun, $"{Mpiexec} is missing; install MPICH (apt: mpich)");
    }

    /// <summary>Whether tools that are missing are a failure.</summary>
    internal static bool MustRun => Environment.GetEnvironmentVariable("CI") == "true";

    /// <summary>Whether a program is in the search path.</summary>
    internal static bool IsThere(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .Any(folder => File.Exists(Path.Combine(folder, program)));

    /// <summary>Runs a test of <see cref="MpiRankTests"/> in processes.</summary>
    internal static (int ExitCode, string Output, string Errors) RunTest(int processes, string method) =>
        Run(processes, Path.GetTempPath(), "Daso.Tests.dll", FilterOf(method));

    /// <summary>The arguments of the tests' program for a test of <see cref="MpiRankTests"/>.</summary>
    internal static string[] FilterOf(string method) =>
        ["--explicit", "only", "--filter-method", $"{typeof(MpiRankTests).FullName}.{method}"];

    /// <summary>Runs a program of the test folder in processes, to its end.</summary>
    internal static (int ExitCode, string Output, string Errors) Run(int processes, string folder, string program, params string[] arguments)
    {
        using Process process = Start(folder, Line(processes, program, arguments));
        return Finish(process);
    }

    /// <summary>The arguments of mpiexec for a program of the test folder.</summary>
    internal static string[] Line(int processes, string program, params string[] arguments) =>
    [
        "-n", processes.ToString(System.Globalization.CultureInfo.InvariantCulture),
        "dotnet", Path.Combine(AppContext.BaseDirectory, program), .. arguments,
    ];

    /// <summary>Starts mpiexec.</summary>
    internal static Process Start(string folder, IEnumerable<string> arguments) => Start(Mpiexec, folder, arguments);

    /// <summary>Starts a program with redirected output.</summary>
    internal static Process Start(
        string program, string folder, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? variables = null)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach ((string name, string value) in variables ?? new Dictionary<string, string>())
            start.Environment[name] = value;
        return Process.Start(start)!;
    }

    /// <summary>Waits for a started program and returns what it wrote.</summary>
    internal static (int ExitCode, string Output, string Errors) Finish(Process process) => Program.Finish(process, s_limit);

    /// <summary>In one of the processes: takes part as 2 × 2 ranks.</summary>
    /// <param name="body">What each rank does.</param>
    /// <param name="limitSeconds">The longest wait.</param>
    /// <param name="failed">Called when the body has failed and was unwound, before the job is ended.</param>
    /// <param name="topology">Nodes and ranks a node; null: 2 × 2.</param>
    internal static void TakePart(
        Action<RankContext> body,
        double limitSeconds = 60,
        Action? failed = null,
        (int Nodes, int RanksPerNode)? topology = null) => Join(
        cluster =>
        {
            try
            {
                cluster.Run(body);
            }
            catch (ClusterFailedException)
            {
                failed?.Invoke();
                throw;
            }
        },
        limitSeconds,
        topology);

    /// <summary>In one of the processes: joins the job of 2 × 2 ranks.</summary>
    /// <param name="use">What the process does with the cluster.</param>
    /// <param name="limitSeconds">The longest wait.</param>
    /// <param name="topology">Nodes and ranks a node; null: 2 × 2.</param>
    internal static void Join(
        Action<ICluster> use, double limitSeconds = 60, (int Nodes, int RanksPerNode)? topology = null)
    {
        Launcher launcher = Launcher.Detect(Environment.GetEnvironmentVariable) ?? throw new InvalidOperationException("not under mpiexec");
        var settings = new MpiSettings(TimeSpan.FromSeconds(limitSeconds), topology ?? (2, 2));
        MpiSession.Run(launcher, null, "cpu", settings, cluster =>
        {
            use(cluster);
            return 0;
        });
    }
}
