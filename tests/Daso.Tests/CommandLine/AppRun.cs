using Daso.CommandLine;

namespace Daso.Tests.CommandLine;

/// <summary>What a command printed and ended with. The console is the process's: such tests run alone.</summary>
/// <param name="ExitCode">The process's exit code.</param>
/// <param name="Output">Standard output.</param>
/// <param name="Error">Standard error.</param>
internal sealed record AppRun(int ExitCode, string Output, string Error)
{
    internal static async Task<AppRun> Of(params string[] args)
    {
        (TextWriter output, TextWriter error) = (Console.Out, Console.Error);
        using StringWriter newOutput = new(), newError = new();
        Console.SetOut(newOutput);
        Console.SetError(newError);
        try
        {
            int exitCode = await DasoApp.RunAsync(args, []);
            return new AppRun(exitCode, newOutput.ToString(), newError.ToString());
        }
        finally
        {
            Console.SetOut(output);
            Console.SetError(error);
        }
    }
}

/// <summary>Tests that take the process's console.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public class UsesConsole
{
    internal const string Name = "uses the console";
}
