using System.CommandLine;
using Daso.Analysis;
using Daso.Communication;
using Daso.Experiments;
using Daso.Models;
using Daso.Prediction;
using Daso.Prediction.Calibrating;
using Daso.Recording;
using Spectre.Console;

namespace Daso.CommandLine;

/// <summary><c>predict</c>: a step's time by the model, for a described system or for one that runs were measured on.</summary>
internal sealed class PredictCommand
{
    private readonly Option<string?> _system = new("--system")
    {
        Description = "JSON file of a system, or of a calibration that --save wrote.",
    };

    private readonly Option<string?> _workload = new("--workload")
    {
        Description = "JSON file of a workload; or, with a calibration, the name of one of its experiments.",
    };

    private readonly Option<string> _model = new("--model")
    {
        Description = $"In place of --workload, with --compute: {PublishedModels.Names}.",
        DefaultValueFactory = _ => "resnet50",
    };

    private readonly Option<double?> _compute = new("--compute")
    {
        Description = "Of --model: milliseconds of a step's forward and backward on one rank.",
    };

    private readonly Option<int?> _nodes = new("--nodes") { Description = "Nodes, in place of the system's." };

    private readonly Option<int?> _ranksPerNode = new("--ranks-per-node") { Description = "Ranks on each node, in place of the system's." };

    private readonly Option<string?> _link = new("--link")
    {
        Description = "Link between nodes, as in 1gbit,50us, in place of the system's or, with --calibrate, of the runs'.",
    };

    private readonly StrategyCatalog _catalog;
    private readonly Option<string[]> _chosen;

    private readonly Option<string[]> _calibrate = new("--calibrate")
    {
        Description = "Folders of runs to fit the system and the workloads to.",
        AllowMultipleArgumentsPerToken = true,
    };

    private readonly Option<string[]> _validate = new("--validate")
    {
        Description = "Folders of runs to predict with what was fitted, beside what was measured.",
        AllowMultipleArgumentsPerToken = true,
    };

    private readonly Option<int?> _sharedCores = new("--shared-cores")
    {
        Description = "Of runs under MPI whose nodes are one machine: its cores.",
    };

    private readonly Option<string?> _save = new("--save") { Description = "File that the calibration is written to." };

    private readonly Option<string> _format = ChoiceOption.Format();

    private PredictCommand(IReadOnlyList<ExperimentDefinition> experiments)
    {
        _catalog = new StrategyCatalog(experiments);
        _chosen = new Option<string[]>("--strategies")
        {
            Description = $"The strategies: {string.Join(", ", _catalog.Usual)}, or EXPERIMENT/STRATEGY; the first is the baseline. "
                + "daso gives its cycling phase and its blocking one.",
            AllowMultipleArgumentsPerToken = true,
            DefaultValueFactory = _ => _catalog.Usual,
        };
    }

    internal static Command Create(IReadOnlyList<ExperimentDefinition> experiments)
    {
        var options = new PredictCommand(experiments);
        var command = new Command("predict", "Predicts a step's time under each strategy, and compares with runs that were measured.")
        {
            options._system, options._workload, options._model, options._compute, options._nodes, options._ranksPerNode, options._link,
            options._chosen, options._calibrate, options._validate, options._sharedCores, options._save, options._format,
        };
        command.SetAction(options.Run);
        return command;
    }

    private void Run(ParseResult parsed)
    {
        if (parsed.GetValue(_calibrate) is { Length: > 0 } runs)
            Calibrate(parsed, runs);
        else if (parsed.GetValue(_validate) is { Length: > 0 } checks)
            Validate(parsed, checks);
        else
            Predict(parsed);
    }

    private void Validate(ParseResult parsed, string[] runs)
    {
        string file = SystemFile(parsed, "--validate");
        Calibration calibration = PredictionFiles.ReadCalibration(file);
        RefuseFitted(runs, calibration.Runs, $"{file} was fitted to it");
        Compare(calibration, [], Read(parsed, runs), parsed);
    }

    private void Calibrate(ParseResult parsed, string[] runs)
    {
        string[] checks = parsed.GetValue(_validate) ?? [];
        string[] fitted = [.. runs.Select(RunId)];
        RefuseFitted(checks, fitted, "--calibrate has it too");
        IReadOnlyList<MeasuredCell> cells = Read(parsed, runs);
        IReadOnlyList<MeasuredCell> others = Read(parsed, checks);
        Calibration calibration = Calibrator.Fit(cells) with { Runs = fitted };
        if (!parsed.IsJson(_format))
            PredictPrinter.Write(calibration, SpeedupTable.ConsoleFor(parsed.InvocationConfiguration.Output));
        Compare(calibration, cells, others, parsed);
        if (parsed.GetValue(_save) is string path)
            PredictionFiles.Write(path, calibration);
    }

    private void Compare(
        Calibration calibration, IReadOnlyList<MeasuredCell> fitted, IReadOnlyList<MeasuredCell> others, ParseResult parsed)
    {
        IEnumerable<CellPrediction> Predictions(IReadOnlyList<MeasuredCell> cells, bool isFitted) =>
            cells.Select(cell => new CellPrediction(
                cell, Calibrator.Predict(calibration, cell), Calibrator.PredictAtOwnSpeed(calibration, cell), isFitted));
        CellPrediction[] all = [.. Predictions(fitted, true), .. Predictions(others, false)];
        TextWriter output = parsed.InvocationConfiguration.Output;
        if (parsed.IsJson(_format))
            PredictJson.Write(all, output);
        else
            PredictPrinter.Write(all, SpeedupTable.ConsoleFor(output));
    }

    /// <summary>An error on what was fitted says nothing of a prediction.</summary>
    private static void RefuseFitted(IEnumerable<string> runs, IReadOnlyList<string> fitted, string why)
    {
        if (runs.FirstOrDefault(run => fitted.Contains(RunId(run))) is string run)
            throw new UserErrorException($"--validate {run}: {why} (run {RunId(run)}); name runs that nothing was fitted to");
    }

    /// <summary>A copy of a run's folder is the same run.</summary>
    private static string RunId(string run) => Manifest.Read(RunFolder.Open(run)).RunId;

    private IReadOnlyList<MeasuredCell> Read(ParseResult parsed, string[] runs)
    {
        var reading = new RunReading(LinkOf(parsed), parsed.GetValue(_sharedCores));
        MeasuredCell[] cells = [.. runs.SelectMany(reading.Read)];
        if (!parsed.IsJson(_format))
            PredictPrinter.WriteNotModelled(reading.NotModelled, SpeedupTable.ConsoleFor(parsed.InvocationConfiguration.Output));
        return cells;
    }

    private void Predict(ParseResult parsed)
    {
        string file = SystemFile(parsed, "a prediction");
        Calibration? calibration = PredictionFiles.IsCalibration(file) ? PredictionFiles.ReadCalibration(file) : null;
        SystemSpec system = calibration?.System ?? PredictionFiles.ReadSystem(file);
        system = system with
        {
            Nodes = parsed.GetValue(_nodes) ?? system.Nodes,
            RanksPerNode = parsed.GetValue(_ranksPerNode) ?? system.RanksPerNode,
            InterNode = LinkOf(parsed) is LinkSpec link ? new LinkModel(link.LatencyNs, link.BitsPerSecond / 8) : system.InterNode,
        };
        IEnumerable<WorkloadSpec> workloads = calibration is null ? [Workload(parsed)] : Chosen(parsed.GetValue(_workload), calibration);
        string[] chosen = parsed.GetValue(_chosen)!;
        NearestName.Require("--strategies", chosen, _catalog.Names);
        var notModelled = new SortedSet<string>(StringComparer.Ordinal);
        var predicted = workloads.Select(workload => (Workload: workload, Steps: Steps(chosen, system, workload, notModelled))).ToList();
        TextWriter output = parsed.InvocationConfiguration.Output;
        if (parsed.IsJson(_format))
        {
            PredictJson.Write(
                [.. predicted.Select(one =>
                    new PredictedWorkload(one.Workload.Name, system.Name, system.Nodes, system.RanksPerNode, one.Steps, notModelled))],
                output);
            return;
        }

        IAnsiConsole console = SpeedupTable.ConsoleFor(output);
        foreach ((WorkloadSpec workload, PredictedStep[] steps) in predicted.Where(one => one.Steps.Length > 0))
            PredictPrinter.Write(system, workload, steps, console);
        PredictPrinter.WriteNotModelled(notModelled, console);
    }

    /// <summary>A step of each phase of the chosen strategies; those that do not say what they do in a step are noted.</summary>
    private PredictedStep[] Steps(string[] chosen, SystemSpec system, WorkloadSpec workload, ISet<string> notModelled)
    {
        var steps = new List<PredictedStep>();
        foreach (string name in chosen)
        {
            IReadOnlyList<ModelledStrategy> phases = _catalog.Phases(name, system, workload);
            if (phases.Count == 0)
                notModelled.Add(name);
            steps.AddRange(phases.Select(phase => StepPrediction.Of(system, workload, phase)));
        }

        return [.. steps];
    }

    private static IEnumerable<WorkloadSpec> Chosen(string? name, Calibration calibration)
    {
        string[] known = [.. calibration.Workloads.Select(workload => workload.Name)];
        if (name is not null && !known.Contains(name))
        {
            throw new UserErrorException(
                $"--workload {name}: not calibrated{NearestName.Hint(name, known)}; there are {string.Join(", ", known)}");
        }

        return calibration.Workloads.Where(workload => name is null || workload.Name == name);
    }

    private WorkloadSpec Workload(ParseResult parsed)
    {
        if (parsed.GetValue(_workload) is string file)
            return PredictionFiles.ReadWorkload(file);
        string name = parsed.GetValue(_model)!;
        ModelSpec model = PublishedModels.Named(name);
        double ms = parsed.GetValue(_compute) is double given and > 0
            ? given
            : throw new UserErrorException("--compute: give the milliseconds of a step's forward and backward, or --workload");

        // Backward computes two gradients, of the inputs and of the weights, for each product of forward.
        const double BackwardOverForward = 2;
        return new WorkloadSpec
        {
            Name = name,
            Source = "--compute",
            Gradients = ModelWorkload.Gradients(model),
            ForwardNs = ms * 1e6 / (1 + BackwardOverForward),
            BackwardNs = ms * 1e6 * BackwardOverForward / (1 + BackwardOverForward),
            OptimizerNs = 0,
        };
    }

    private string SystemFile(ParseResult parsed, string purpose) => parsed.GetValue(_system)
        ?? throw new UserErrorException($"--system: {purpose} needs one; or fit one to runs with --calibrate RUN");

    private LinkSpec? LinkOf(ParseResult parsed) => parsed.GetValue(_link) is string link ? LinkSpec.Parse(link) : null;
}
