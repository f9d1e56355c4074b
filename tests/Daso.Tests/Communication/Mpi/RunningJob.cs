using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Daso.Tests.CommandLine;

namespace Daso.Tests.Communication.Mpi;

/// <summary>Looks at a job while it runs, and sends signals to its processes.</summary>
internal static class RunningJob
{
    /// <summary>Sends a signal.</summary>
    internal static void Signal(string name, int process)
    {
        using Process kill = Process.Start("kill", [$"-{name}", process.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }

    /// <summary>The process that is a rank: it runs in the test's folder, and is not its guard, which mpiexec has started.</summary>
    internal static int RankProcess(Program program, int rank) => Directory.GetDirectories("/proc")
        .Select(folder => int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out int id) ? id : 0)
        .Single(id => id > 0 && IsRank(id, program.Folder, rank));

    private static bool IsRank(int process, string folder, int rank)
    {
        try
        {
            if (new FileInfo($"/proc/{process}/cwd").LinkTarget != folder)
                return false;
            string[] variables = File.ReadAllText($"/proc/{process}/environ").Split('\0');
            return variables.Contains($"PMI_RANK={rank}")
                && variables.Any(one => one.StartsWith("DASO_RANK_GUARD=", StringComparison.Ordinal));
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>Waits until rank 0 has recorded so many steps; returns the run's folder.</summary>
    internal static string WaitForSteps(Program program, Process job, int steps)
    {
        string runs = Path.Combine(program.Folder, "artifacts", "runs");
        long start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start) < TimeSpan.FromMinutes(2))
        {
            if (Directory.Exists(runs) && Directory.GetDirectories(runs, "*Z-quickstart-*").SingleOrDefault() is string run
                && !run.EndsWith(".partial", StringComparison.Ordinal)
                && Directory.GetFiles(run, "*-rank0.jsonl", SearchOption.AllDirectories).Sum(StepsIn) >= steps)
            {
                return run;
            }

            Assert.False(job.HasExited, job.HasExited ? job.StandardError.ReadToEnd() : "");
            Thread.Sleep(10);
        }

        throw new TimeoutException($"{steps} steps were not recorded within two minutes");
    }

    /// <summary>Counts the steps in a file that is being written, whose last line may be half there.</summary>
    private static int StepsIn(string file) => File.ReadLines(file).Count(line => line.Contains("\"step\":", StringComparison.Ordinal));

    /// <summary>Reads all events of a run, each of which must be whole, and counts rank 0's steps.</summary>
    internal static int ReadSteps(string run)
    {
        int steps = 0;
        foreach (string file in Directory.GetFiles(run, "*.jsonl", SearchOption.AllDirectories))
        {
            foreach (string line in File.ReadLines(file))
            {
                using JsonDocument one = JsonDocument.Parse(line);
                if (file.EndsWith("-rank0.jsonl", StringComparison.Ordinal) && one.RootElement.TryGetProperty("step", out _))
                    steps++;
            }
        }

        return steps;
    }
}
