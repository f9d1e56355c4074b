using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Daso.Tests.Communication.Mpi;

namespace Daso.Tests.Cluster;

/// <summary>
/// A real Slurm with two nodes, n1 and n2, on this machine: munged, slurmctld and two slurmd, with all that they write in a folder of their
/// own. Started with the first test that needs it. Both nodes have this machine's host name, so that ranks have to be dealt out.
/// </summary>
public sealed class SlurmCluster : IDisposable
{
    /// <summary>Seconds between the signals that ask a job's processes to end and those that end them.</summary>
    private const int KillWaitSeconds = 15;

    private static readonly string[] s_tools = ["munged", "slurmctld", "slurmd", "sbatch", "srun"];
    private static readonly string[] s_unfinished = ["PENDING", "CONFIGURING", "RUNNING", "COMPLETING", "SUSPENDED"];
    private static readonly TimeSpan s_toStart = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan s_toEnd = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan s_betweenLooks = TimeSpan.FromSeconds(0.2);

    private readonly string _folder = Directory.CreateTempSubdirectory("daso-slurm-").FullName;
    private readonly Dictionary<string, Process> _daemons = [];

    private string Configuration => Path.Combine(_folder, "slurm.conf");

    /// <summary>Skips a test where there is no Slurm or no right to start one, and sees to it that both nodes are there; in CI they must be.</summary>
    internal void Require()
    {
        MpiProcesses.Require();
        bool isThere = s_tools.All(MpiProcesses.IsThere);
        Assert.SkipWhen(!isThere && !MpiProcesses.MustRun, "no Slurm (apt: slurm-wlm munge), or it is not in PATH");
        Assert.SkipWhen(!Environment.IsPrivilegedProcess && !MpiProcesses.MustRun, "starting Slurm's daemons takes root");
        if (_daemons.Count == 0)
            StartAll();
        else if (_daemons["n2"].HasExited)
            StartNode("n2");
        WaitUntil(() => Ask("sinfo", "--noheader", "--format=%D %t") == "2 idle", s_toStart, "the nodes are not idle");
    }

    /// <summary>Queues a batch script; returns the job's number.</summary>
    internal string Submit(string script, string folder)
    {
        (int exitCode, string output, string errors) = Run("sbatch", folder, "--parsable", script);
        Assert.True(exitCode == 0, errors);
        return output.Trim();
    }

    /// <summary>Waits for a job's end, or that of all jobs of an array; returns their states, such as COMPLETED.</summary>
    /// <param name="job">The job.</param>
    internal string[] WaitForEnd(string job)
    {
        WaitUntil(
            () =>
            {
                // A job that went back to the queue would wait there for some minutes.
                foreach (string waiting in WaitingOf(job))
                    _ = Run("scontrol", _folder, "update", $"jobid={waiting}", "starttime=now");
                return HasEnded(job);
            },
            s_toEnd,
            $"job {job} has not ended");
        return StatesOf(job);
    }

    /// <summary>Whether a job, or all jobs of an array, have ended.</summary>
    internal bool HasEnded(string job) => !StatesOf(job).Intersect(s_unfinished).Any();

    /// <summary>Runs a command of Slurm's; returns what it printed.</summary>
    internal string Ask(string program, params string[] arguments)
    {
        (int exitCode, string output, string errors) = Run(program, _folder, arguments);
        Assert.True(exitCode == 0, $"{program} {string.Join(' ', arguments)}: {errors}{Logs()}");
        return output.Trim();
    }

    /// <summary>Ends a node as a power cut would: its daemon, its steps' and their tasks, all at once.</summary>
    internal void CutOff(string node)
    {
        int[] tasks = [.. RunningJob.ProcessesWith($"SLURMD_NODENAME={node}")];
        int[] steps = [.. tasks.Select(RunningJob.ParentOf).Where(parent => RunningJob.NameOf(parent).StartsWith("slurmstepd", StringComparison.Ordinal))];
        _daemons[node].Kill();
        foreach (int process in steps.Distinct().Concat(tasks))
            RunningJob.Signal("KILL", process);
        _daemons[node].WaitForExit();
    }

    /// <inheritdoc />
    public void Dispose()
    {
        if (_daemons.Count > 0)
        {
            _ = Run("scancel", _folder, "--user=root", "--signal=KILL", "--full");
            foreach (string name in (string[])["n1", "n2", "slurmctld", "munged"])
            {
                using Process daemon = _daemons[name];
                RunningJob.Signal("TERM", daemon.Id);
                if (!daemon.WaitForExit(TimeSpan.FromSeconds(10)))
                    daemon.Kill();
            }
        }

        Directory.Delete(_folder, recursive: true);
    }

    private string[] StatesOf(string job) => [.. Describe(job).Select(one => one.State)];

    private IEnumerable<string> WaitingOf(string job) => Describe(job).Where(one => one.State == "PENDING").Select(one => one.Job);

    /// <summary>The numbers and states of a job, or of all jobs of an array.</summary>
    private IEnumerable<(string Job, string State)> Describe(string job) =>
        from block in Ask("scontrol", "show", "job", job).Split("\n\n", StringSplitOptions.RemoveEmptyEntries)
        let words = block.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)
        select (Word(words, "JobId="), Word(words, "JobState="));

    private static string Word(string[] words, string key) => words.First(word => word.StartsWith(key, StringComparison.Ordinal))[key.Length..];

    private void StartAll()
    {
        string key = Path.Combine(_folder, "munge.key");
        File.WriteAllBytes(key, RandomNumberGenerator.GetBytes(1024));
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(key, UnixFileMode.UserRead);
        Directory.CreateDirectory(Path.Combine(_folder, "state"));
        File.WriteAllText(Configuration, Configure());
        string[] files = ["socket", "key-file", "pid-file", "log-file", "seed-file"];
        // It would rather not run as root; here it serves this test alone.
        Start("munged", "munged", [
            "--foreground", "--force",
            .. files.Select(file => $"--{file}={Path.Combine(_folder, $"munge.{file.Split('-')[0]}")}"),
        ]);
        WaitUntil(() => File.Exists(Path.Combine(_folder, "munge.socket")), s_toStart, "munged has not started");
        Start("slurmctld", "slurmctld", ["-D", "-f", Configuration]);
        StartNode("n1");
        StartNode("n2");
    }

    private void StartNode(string name) => Start(name, "slurmd", ["-D", "-f", Configuration, "-N", name]);

    private void Start(string name, string program, string[] arguments)
    {
        Process daemon = MpiProcesses.Start(program, _folder, arguments);
        // They log to files; what they say beside is read, so that no pipe fills.
        _ = daemon.StandardOutput.ReadToEndAsync();
        _ = daemon.StandardError.ReadToEndAsync();
        _daemons[name] = daemon;
    }

    private string Configure()
    {
        string host = Dns.GetHostName();
        int[] ports = FreePorts(3);
        return $"""
            ClusterName=daso
            SlurmctldHost={host}
            SlurmctldPort={ports[0]}
            AuthType=auth/munge
            AuthInfo=socket={_folder}/munge.socket
            SlurmUser=root
            SlurmdUser=root
            ProctrackType=proctrack/linuxproc
            TaskPlugin=task/none
            SelectType=select/cons_tres
            SelectTypeParameters=CR_Core
            MpiDefault=pmi2
            ReturnToService=2
            SlurmdTimeout=5
            KillWait={KillWaitSeconds}
            SlurmdParameters=config_overrides
            SlurmctldPidFile={_folder}/slurmctld.pid
            SlurmctldLogFile={_folder}/slurmctld.log
            StateSaveLocation={_folder}/state
            SlurmdPidFile={_folder}/slurmd-%n.pid
            SlurmdLogFile={_folder}/slurmd-%n.log
            SlurmdSpoolDir={_folder}/spool-%n
            NodeName=n1 NodeHostname={host} Port={ports[1]} CPUs=4 RealMemory=4000
            NodeName=n2 NodeHostname={host} Port={ports[2]} CPUs=4 RealMemory=4000
            PartitionName=all Nodes=ALL Default=YES State=UP MaxTime=INFINITE

            """;
    }

    private (int ExitCode, string Output, string Errors) Run(string program, string folder, params string[] arguments)
    {
        using Process process = MpiProcesses.Start(
            program, folder, arguments, new Dictionary<string, string> { ["SLURM_CONF"] = Configuration });
        return MpiProcesses.Finish(process);
    }

    private void WaitUntil(Func<bool> condition, TimeSpan limit, string message)
    {
        long start = Stopwatch.GetTimestamp();
        while (!condition())
        {
            Assert.True(Stopwatch.GetElapsedTime(start) < limit, $"{message} after {limit.TotalSeconds} s{Logs()}");
            Thread.Sleep(s_betweenLooks);
        }
    }

    /// <summary>The ends of the daemons' logs, for a test that fails.</summary>
    private string Logs() => string.Concat(Directory.GetFiles(_folder, "*.log")
        .Select(log => $"\n{Path.GetFileName(log)}:\n{string.Join('\n', File.ReadLines(log).TakeLast(10))}"));

    private static int[] FreePorts(int count)
    {
        TcpListener[] listeners = [.. Enumerable.Range(0, count).Select(_ => new TcpListener(IPAddress.Any, 0))];
        foreach (TcpListener listener in listeners)
            listener.Start();
        int[] ports = [.. listeners.Select(listener => ((IPEndPoint)listener.LocalEndpoint).Port)];
        foreach (TcpListener listener in listeners)
            listener.Dispose();
        return ports;
    }
}
