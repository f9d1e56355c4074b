using System.Diagnostics;

namespace Daso.Tests.CommandLine;

/// <summary>The real command line, as a process of its own, in a folder of its own.</summary>
/// <param name="library">Of the suites to run.</param>
internal sealed class Program(string library = "Daso.Suites.dll") : IDisposable
{
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(3);

    /// <summary>The current folder of the processes; removed at the end.</summary>
    internal string Folder { get; } = Directory.CreateTempSubdirectory("daso-test-").FullName;

    /// <summary>Starts the suites' program.</summary>
    internal Process Start(params string[] arguments) => Start(arguments, []);

    /// <summary>The same with environment variables; null: none.</summary>
    internal Process Start(string[] arguments, params ReadOnlySpan<(string Name, string? Value)> environment)
    {
        // Who runs the tests in a shell's background makes them ignore Ctrl-C, and their children would inherit that.
        var start = new ProcessStartInfo(
            "env", ["--default-signal=INT", "dotnet", Path.Combine(AppContext.BaseDirectory, library), .. arguments])
        {
            WorkingDirectory = Folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach ((string name, string? value) in environment)
        {
            if (value is null)
                start.Environment.Remove(name);
            else
                start.Environment[name] = value;
        }

        return Process.Start(start)!;
    }

    /// <summary>Runs the suites' program to its end.</summary>
    internal (int ExitCode, string Output, string Errors) Run(params string[] arguments)
    {
        using Process process = Start(arguments);
        return Finish(process);
    }

    /// <summary>Runs the suites' program by a shell, which may close its streams.</summary>
    /// <param name="arguments">As a shell reads them.</param>
    internal (int ExitCode, string Output, string Errors) RunInShell(string arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(
            "bash", ["-c", $"exec dotnet '{Path.Combine(AppContext.BaseDirectory, library)}' {arguments}"])
        {
            WorkingDirectory = Folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        return Finish(process);
    }

    /// <summary>Waits for a started program and returns what it wrote.</summary>
    /// <param name="process">The program.</param>
    /// <param name="limit">After which it is killed; null: 3 minutes.</param>
    internal static (int ExitCode, string Output, string Errors) Finish(Process process, TimeSpan? limit = null)
    {
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(limit ?? s_limit))
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"still running after {limit ?? s_limit}");
        }

        return (process.ExitCode, output.Result, errors.Result);
    }

    /// <summary>The folder of the only run.</summary>
    internal string RunFolder() => Assert.Single(Directory.GetDirectories(Path.Combine(Folder, "artifacts", "runs")));

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
