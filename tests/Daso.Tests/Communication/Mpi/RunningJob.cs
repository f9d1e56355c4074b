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

    /// <summary>The process that is a rank: it runs in the test's folder, and is not its guard, which the launcher has started.</summary>
    /// <param name="program">The test's.</param>
    /// <param name="rank">Its number.</param>
    /// <param name="variable">What the launcher tells it its number by.</param>
    internal static int RankProcess(Program program, int rank, string variable = "PMI_RANK") =>
        RankProcesses(program, rank, variable).Single();

    /// <summary>The same where the process may not have started yet.</summary>
    internal static IEnumerable<int> RankProcesses(Program program, int rank, string variable = "PMI_RANK") =>
        ProcessesWith($"{variable}={rank}").Where(process => Link(process, "cwd") == program.Folder
            && Variables(process).Any(one => one.StartsWith("DASO_RANK_GUARD=", StringComparison.Ordinal)));

    /// <summary>The processes that were started with an environment variable, as in NAME=value.</summary>
    internal static IEnumerable<int> ProcessesWith(string variable) => Directory.GetDirectories("/proc")
        .Select(folder => int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out int id) ? id : 0)
        .Where(id => id > 0 && Variables(id).Contains(variable));

    /// <summary>A process's parent; 0: it has gone.</summary>
    internal static int ParentOf(int process) =>
        int.TryParse(Status(process, "PPid"), CultureInfo.InvariantCulture, out int parent) ? parent : 0;

    /// <summary>A process's name, up to 15 characters; empty: it has gone.</summary>
    internal static string NameOf(int process) => Status(process, "Name");

    private static string Status(int process, string key) => Read(process, "status").Split('\n')
        .FirstOrDefault(line => line.StartsWith(key + ":", StringComparison.Ordinal))?[(key.Length + 1)..].Trim() ?? "";

    private static string[] Variables(int process) => Read(process, "environ").Split('\0');

    private static string Read(int process, string file) => IfThere(() => File.ReadAllText($"/proc/{process}/{file}"));

    private static string Link(int process, string file) => IfThere(() => new FileInfo($"/proc/{process}/{file}").LinkTarget ?? "");

    private static string IfThere(Func<string> look)
    {
        try
        {
            return look();
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    /// <summary>Waits until rank 0 has recorded so many steps, in one run at least; returns its folder.</summary>
    internal static string WaitForSteps(Program program, Process job, int steps) =>
        WaitForSteps(program, steps, () => job.HasExited ? job.StandardError.ReadToEnd() : null);

    /// <summary>The same of any job.</summary>
    /// <param name="program">The test's.</param>
    /// <param name="steps">How many.</param>
    /// <param name="ended">What the job has said where it has ended too early; null: it runs.</param>
    internal static string WaitForSteps(Program program, int steps, Func<string?> ended)
    {
        string folder = Path.Combine(program.Folder, "artifacts", "runs");
        long start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start) < TimeSpan.FromMinutes(2))
        {
            string? found = (Directory.Exists(folder) ? Directory.GetDirectories(folder, "*Z-quickstart-*") : [])
                .Where(run => !run.EndsWith(".partial", StringComparison.Ordinal))
                .FirstOrDefault(run => Directory.GetFiles(run, "*-rank0.jsonl", SearchOption.AllDirectories).Sum(StepsIn) >= steps);
            if (found is not null)
                return found;
            if (ended() is string said)
                Assert.Fail(said);
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
