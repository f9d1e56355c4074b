using System.CommandLine;
using Daso.Analysis;
using Daso.Experiments;
using Daso.Recording;
using Daso.References;

namespace Daso.CommandLine;

/// <summary>
/// <c>check RUN</c>: holds a run against a system's references and fails where it is worse; with <c>--update</c> makes the references of
/// runs.
/// </summary>
internal sealed class CheckCommand
{
    private readonly Argument<string[]> _runs = new("RUN")
    {
        Description = "Folder of the run; with --update of several.",
        Arity = ArgumentArity.OneOrMore,
    };

    private readonly Option<string?> _against = new("--against")
    {
        Description = "The system's references: a JSON file that --update has written.",
    };

    private readonly Option<string?> _system = new("--system")
    {
        Description = "In place of --against: the system whose [Reference]s the experiments' classes hold.",
    };

    private readonly Option<string?> _tier = new("--tier") { Description = "With --system: the tier that the run was made with." };

    private readonly Option<string[]> _chosen = new("--experiments")
    {
        Description = "Experiments to check, where the suite ran with the same option. Default: all that have references.",
        AllowMultipleArgumentsPerToken = true,
    };

    private readonly Option<bool> _strict = new("--strict")
    {
        Description = "Exit code 3 also where the run is too noisy, or too little is known, to tell whether it is worse.",
    };

    private readonly Option<bool> _update = new("--update")
    {
        Description = "Makes the references anew from the runs, with the tolerance that their noise asks for.",
    };

    private readonly IReadOnlyList<ExperimentDefinition> _experiments;

    private CheckCommand(IReadOnlyList<ExperimentDefinition> experiments) => _experiments = experiments;

    internal static Command Create(IReadOnlyList<ExperimentDefinition> experiments)
    {
        var options = new CheckCommand(experiments);
        var command = new Command("check", "Holds a run against references: quality first, then speed. Exit code 4 or 3 where it is worse.")
        {
            options._runs, options._against, options._system, options._tier, options._chosen, options._strict, options._update,
        };
        command.SetAction(options.Run);
        return command;
    }

    private int Run(ParseResult parsed)
    {
        string[] paths = parsed.GetValue(_runs)!;
        string? file = parsed.GetValue(_against), system = parsed.GetValue(_system);
        if (file is null == system is null)
            throw new UserErrorException("check: name either a file of references with --against or a system of [Reference]s with --system");
        if (parsed.GetValue(_update))
        {
            if (parsed.GetValue(_chosen) is { Length: > 0 } || parsed.GetValue(_strict))
                throw new UserErrorException($"check --update: {_chosen.Name} and {_strict.Name} are of a check; leave them out");
            Update(paths, file ?? throw new UserErrorException("check --update: name the file to write with --against"), parsed);
            return (int)ExitCode.Done;
        }

        if (paths.Length > 1)
            throw new UserErrorException($"check: {paths.Length} runs; name one, or make references of them with --update");
        IReadOnlyList<ReferenceCheck> checks = Judge(RunFigures.Read(paths[0]), Manifest.Read(RunFolder.Open(paths[0])), file, parsed);
        bool isStrict = parsed.GetValue(_strict);
        TextWriter output = parsed.InvocationConfiguration.Output;
        CheckTable.Write(checks, SpeedupTable.ConsoleFor(output));
        foreach (string line in CheckTable.Findings(checks))
            parsed.InvocationConfiguration.Error.WriteLine(line);
        output.WriteLine(CheckTable.Summary(checks, isStrict));
        return (int)ReferenceCheck.ExitCodeOf(checks, isStrict);
    }

    private IReadOnlyList<ReferenceCheck> Judge(RunFigures run, Manifest manifest, string? file, ParseResult parsed)
    {
        string[] chosen = parsed.GetValue(_chosen) ?? [];
        RunFigures ran = run with { Experiments = [.. run.Experiments.Where(one => chosen is [] || chosen.Contains(one.Experiment))] };
        IReadOnlyList<ExperimentReferences> known = file is null
            ? SystemReferences.Of(ran, manifest, _experiments, parsed.GetValue(_system)!, parsed.GetValue(_tier))
            : FromFile(file, run);
        NearestName.Require(
            _chosen.Name, chosen, [.. run.Experiments.Select(one => one.Experiment).Union(known.Select(one => one.Experiment ?? one.Name))]);
        return ReferenceCheck.Of(ran, [.. known.Where(one => chosen is [] || chosen.Any(one.AreOf))]);
    }

    private static IReadOnlyList<ExperimentReferences> FromFile(string path, RunFigures run)
    {
        ReferenceFile file = ReferenceFile.Read(path);
        return file.Machine.IsLike(run.Machine)
            ? file.Experiments
            : throw new UserErrorException(
                $"{run.RunId}: ran on {run.Machine}; {path} holds for {file.Machine}; name the references of this system, or make them with "
                    + "--update");
    }

    private static void Update(string[] paths, string file, ParseResult parsed)
    {
        RunFigures[] runs = [.. paths.Select(RunFigures.Read)];
        ReferenceFile? earlier = File.Exists(file) ? ReferenceFile.Read(file) : null;
        ReferenceFile made = ReferenceMaker.Make(earlier?.System ?? Path.GetFileNameWithoutExtension(file), runs, earlier);
        made.Write(file);
        TextWriter output = parsed.InvocationConfiguration.Output;
        output.WriteLine($"{file}: references of {made.System}, made of {(runs.Length == 1 ? "1 run" : $"{runs.Length} runs")}");
        CheckTable.Write(made, [.. runs[0].Experiments.Select(experiment => experiment.Name)], SpeedupTable.ConsoleFor(output));
        if (runs.Length == 1)
        {
            output.WriteLine(FormattableString.Invariant(
                $"One run says nothing of the noise between runs: what its seeds say is assumed, and at least {ReferenceMaker.LeastTimeNoise:P0} of a ratio of times."));
        }
    }
}
