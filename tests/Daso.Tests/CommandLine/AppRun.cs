using Daso.CommandLine;
using Daso.Experiments;

namespace Daso.Tests.CommandLine;

/// <summary>What a command printed and ended with.</summary>
/// <param name="ExitCode">The process's exit code.</param>
/// <param name="Output">Standard output.</param>
/// <param name="Error">Standard error.</param>
internal sealed record AppRun(int ExitCode, string Output, string Error)
{
    /// <summary>Runs the command line in this process, without experiments.</summary>
    internal static Task<AppRun> Of(params string[] args) => Of([], args);

    /// <summary>Runs the command line in this process.</summary>
    internal static async Task<AppRun> Of(IReadOnlyList<ExperimentDefinition> experiments, params string[] args)
    {
        using StringWriter output = new(), error = new();
        int exitCode = await DasoApp.RunAsync(args, experiments, [], output, error);
        return new AppRun(exitCode, output.ToString(), error.ToString());
    }
}
