using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Daso.Experiments;
using Daso.LibTorch;
using Daso.Specification;

namespace Daso.CommandLine;

/// <summary>The command line of a project with experiments: <c>return await DasoApp.RunAsync(args, SuiteRegistry.Experiments);</c></summary>
public static class DasoApp
{
    private static readonly TimeSpan s_terminationLimit = TimeSpan.FromMinutes(1);

    /// <summary>Parses the arguments, runs the command and turns every failure into one line on standard error.</summary>
    /// <param name="args">The process's arguments.</param>
    /// <param name="experiments">The registry that the generator made.</param>
    /// <param name="kinds">
    /// Kinds of specifications that files may name beside those of the library and its rivals: the project's own generated
    /// <c>SpecificationKinds.All</c>.
    /// </param>
    /// <returns>The process's exit code (<see cref="ExitCode"/>).</returns>
    public static Task<int> RunAsync(
        string[] args, IReadOnlyList<ExperimentDefinition> experiments, params IReadOnlyList<SpecificationKind> kinds)
    {
        StandardStreams.GuardError();
        if (StandardStreams.OutputMistake() is string mistake)
            return Task.FromResult(Fail(Console.Error, mistake, ExitCode.Environment));
        return !ClusterOption.IsEmbedded(args) && RankGuard.Run(Console.Error) is int exitCode
            ? Task.FromResult(exitCode)
            : RunAsync(args, experiments, kinds, Console.Out, Console.Error);
    }

    /// <summary>The same with other places for results and errors.</summary>
    internal static async Task<int> RunAsync(
        string[] args,
        IReadOnlyList<ExperimentDefinition> experiments,
        IReadOnlyList<SpecificationKind> kinds,
        TextWriter output,
        TextWriter error)
    {
        // Of this call only. Options are numbers with a decimal point wherever the user lives.
        CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        if (RegistryRules.FirstBroken(experiments) is { } broken)
            return Fail(error, broken, ExitCode.Usage);

        var libTorch = new Option<string?>(Installation.Option)
        {
            Description = $"Folder of a libtorch or PyTorch to compute with. Default: {Installation.Variable}, the program's own, that of python3.",
            Recursive = true,
        };
        RootCommand root = GroupedHelp.Of(
            "Measures how much time DASO saves over DDP and Horovod, at equal accuracy, and why.",
            ("Train", [
                ListCommand.Create(experiments), SuiteCommand.Create(experiments, SuiteExecution.Run), LaunchCommand.Create(experiments),
            ]),
            ("Before a training", [DoctorCommand.Create(), PreflightCommand.Create(), DataCommand.Create(), ScheduleCommand.Create()]),
            ("Runs", [
                ReportCommand.Create(), TimelineCommand.Create(), CompareCommand.Create(), ScalingCommand.Create(),
                CheckCommand.Create(experiments), ReplayCommand.Create(experiments),
            ]),
            ("Predictions and the paper", [
                PredictCommand.Create(experiments),
                ReproduceCommand.Create(),
                TraceCommand.Create([.. SpecificationKinds.All, .. Baselines.SpecificationKinds.All, .. kinds]),
            ]));
        root.Add(libTorch);
        ParseResult parsed = root.Parse(HomeFolder.Expand(args));
        if (ParseMistake.UnknownOption(parsed) is string typo)
            return Fail(error, typo, ExitCode.Usage);
        if (parsed.Errors.Count > 0)
            return Fail(error, Explain(parsed, experiments), ExitCode.Usage);

        try
        {
            Installation.Choose(parsed.GetValue(libTorch));
            return await parsed.InvokeAsync(new InvocationConfiguration
            {
                Output = output,
                Error = error,
                EnableDefaultExceptionHandler = false,
                // After Ctrl-C the ranks end and files are closed: give them time for it. A suite takes signals itself.
                ProcessTerminationTimeout =
                    parsed.CommandResult.Parent is CommandResult { Command: SuiteCommand } ? null : s_terminationLimit,
            }).ConfigureAwait(false);
        }
        catch (Exception failure)
        {
            (string message, ExitCode code) = Failure.Explain(failure);
            return Fail(error, message, code);
        }
    }

    private static string Explain(ParseResult parsed, IReadOnlyList<ExperimentDefinition> experiments)
    {
        if (parsed.CommandResult.Command is SuiteCommand)
        {
            string[] suites = [.. experiments.Select(experiment => experiment.Suite).Distinct()];
            return parsed.UnmatchedTokens.FirstOrDefault() is string given
                ? NearestName.Unknown("suite", given, suites)
                : $"suite: name one of {string.Join(", ", suites)}";
        }

        return ParseMistake.WrongNumber(parsed.Errors[0]) ?? parsed.Errors[0].Message.ReplaceLineEndings(" ");
    }

    private static int Fail(TextWriter output, string message, ExitCode code)
    {
        output.WriteLine($"error: {message.ReplaceLineEndings(" ")}");
        return (int)code;
    }
}
