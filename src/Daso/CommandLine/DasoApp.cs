using System.CommandLine;
using Daso.Communication;
using Daso.Experiments;

namespace Daso.CommandLine;

/// <summary>The command line of a project with experiments: <c>return await DasoApp.RunAsync(args, SuiteRegistry.Experiments);</c></summary>
public static class DasoApp
{
    private static readonly TimeSpan s_terminationLimit = TimeSpan.FromMinutes(1);

    /// <summary>Parses the arguments, runs the command and turns every failure into one line on standard error.</summary>
    /// <param name="args">The process's arguments.</param>
    /// <param name="experiments">The registry that the generator made.</param>
    /// <returns>The process's exit code (<see cref="ExitCode"/>).</returns>
    public static async Task<int> RunAsync(string[] args, IReadOnlyList<ExperimentDefinition> experiments)
    {
        var root = new RootCommand("Measures how much time DASO saves over DDP and Horovod, at equal accuracy, and why.")
        {
            SuiteCommand.Create(experiments),
            ListCommand.Create(experiments),
        };
        ParseResult parsed = root.Parse(args);
        if (parsed.Errors.Count > 0)
            return Fail(Explain(parsed, experiments), ExitCode.Usage);

        try
        {
            // After Ctrl-C the ranks end at their next step and the records are closed: give them time for it.
            return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = s_terminationLimit })
                .ConfigureAwait(false);
        }
        catch (UserErrorException mistake)
        {
            return Fail(mistake.Message, mistake.ExitCode);
        }
        catch (ClusterFailedException failure)
        {
            return Fail(failure.Message, ExitCode.RunFailed);
        }
        catch (OperationCanceledException)
        {
            return Fail("cancelled", ExitCode.Cancelled);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return Fail(failure.Message, ExitCode.Environment);
        }
        catch (Exception failure)
        {
            return Fail($"{failure.GetType().Name}: {failure.Message}", ExitCode.RunFailed);
        }
    }

    private static string Explain(ParseResult parsed, IReadOnlyList<ExperimentDefinition> experiments)
    {
        if (parsed.CommandResult.Command is SuiteCommand)
        {
            string[] suites = [.. experiments.Select(experiment => experiment.Suite).Distinct()];
            return parsed.UnmatchedTokens.FirstOrDefault() is string given
                ? $"suite {given}: unknown{NearestName.Hint(given, suites)}; there are {string.Join(", ", suites)}"
                : $"suite: name one of {string.Join(", ", suites)}";
        }

        return parsed.Errors[0].Message.ReplaceLineEndings(" ");
    }

    private static int Fail(string message, ExitCode code)
    {
        Console.Error.WriteLine($"error: {message.ReplaceLineEndings(" ")}");
        return (int)code;
    }
}
