using System.Diagnostics;

namespace Daso.Tests.CommandLine;

/// <summary>The real command line, as a process of its own, in a folder of its own.</summary>
internal sealed class Program : IDisposable
{
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(3);

    /// <summary>The current folder of the processes; removed at the end.</summary>
    internal string Folder { get; } = Directory.CreateTempSubdirectory("daso-test-").FullName;

    /// <summary>Starts the suites' program.</summary>
    internal Process Start(params string[] arguments)
    {
        string program = Path.Combine(AppContext.BaseDirectory, "Daso.Suites.dll");
        return Process.Start(new ProcessStartInfo("dotnet", [program, .. arguments])
        {
            WorkingDirectory = Folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
    }

    /// <summary>Runs the suites' program to its end.</summary>
    internal (int ExitCode, string Output, string Errors) Run(params string[] arguments)
    {
        using Process process = Start(arguments);
        return Finish(process);
    }

    /// <summary>Waits for a started program.</summary>
    internal static (int ExitCode, string Output, string Errors) Finish(Process process)
    {
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(s_limit))
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"still running after {s_limit}");
        }

        return (process.ExitCode, output.Result, errors.Result);
    }

    /// <summary>The folder of the only run.</summary>
    internal string RunFolder() => Assert.Single(Directory.GetDirectories(Path.Combine(Folder, "artifacts", "runs")));

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
