using System.Text.Json.Nodes;
using Daso.Analysis;
using Daso.Communication;
using Daso.Recording;
using Daso.Strategies;

namespace Daso.Prediction.Calibrating;

/// <summary>Reads the cells of a run that the model of a step can predict.</summary>
/// <param name="link">Of runs whose links are real and that have no preflight; null: not given.</param>
/// <param name="sharedCores">Of runs under MPI whose nodes are one machine: the cores that all ranks share; null: they do not.</param>
internal sealed class RunReading(LinkSpec? link, int? sharedCores)
{
    private const double UnlimitedBytesPerSecond = 1e15;

    private readonly List<string> _notModelled = [];

    /// <summary>EXPERIMENT/STRATEGY of what was left out, since it does not say what it does in a step.</summary>
    internal IReadOnlyList<string> NotModelled => _notModelled;

    /// <summary>Reads a run. Models that are not this project's are left out, and strategies that say nothing of their steps.</summary>
    /// <exception cref="UserErrorException">It is no run, has no complete cell, a file is damaged, or its link is not known.</exception>
    internal IReadOnlyList<MeasuredCell> Read(string path)
    {
        var run = RecordedRun.Open(path);
        Manifest manifest = run.Manifest;
        bool isInProcess = !manifest.Cluster.HasRealLinks;
        var cells = new List<MeasuredCell>();
        foreach (ExperimentSummary experiment in run.Summary.Experiments)
        {
            if (manifest.Specification[experiment.Plan.Name] is not JsonObject specification
                || RunSpecification.Model(specification["model"]!.AsObject()) is not { } model)
            {
                continue;
            }

            IReadOnlyList<GradientTensor> gradients = ModelWorkload.Gradients(model);
            (SystemSpec system, string linkName) = System(path, manifest, experiment.Plan, isInProcess);
            ProgramScope scope = WorkloadSpec.Scope(gradients, system);
            foreach (StrategySummary strategy in experiment.Strategies)
            {
                CellSummary[] trained = [.. strategy.Cells.Where(cell => cell.Steps > 0)];
                if (trained.Length == 0)
                    continue;
                JsonObject settings = specification["strategies"]![strategy.Strategy]!.AsObject();
                TrainingLength length = Length(trained[0]);
                double[] losses = Losses(run, new CellId(experiment.Plan.Name, strategy.Strategy, trained[0].Seed), length.Epochs);
                if (RunSpecification.Strategy(settings)?.TrainingProgram(scope, losses, length.StepsPerEpoch) is not StepProgram program)
                {
                    _notModelled.Add($"{experiment.Plan.Name}/{strategy.Strategy}");
                    continue;
                }

                cells.Add(new MeasuredCell
                {
                    Run = path,
                    Experiment = experiment.Plan.Name,
                    Strategy = strategy.Strategy,
                    System = system,
                    Model = new ModelledStrategy(strategy.Strategy, program, CommunicationModel.Own(Algorithm(isInProcess))),
                    Length = length,
                    Gradients = gradients,
                    StepNs = trained.Average(cell => (double)cell.TrainingNs / cell.Steps),
                    Phases = PhaseTimes.Mean([.. trained.Select(cell => cell.Phases!)]),
                    Link = linkName,
                });
            }
        }

        return cells.Count > 0 ? cells : throw new UserErrorException($"{path}: no complete cell of a known model and strategy");
    }

    private (SystemSpec System, string LinkName) System(string path, Manifest manifest, PlannedExperiment plan, bool isInProcess)
    {
        var system = new SystemSpec
        {
            Name = isInProcess ? "embedded cluster" : "MPI cluster",
            Source = $"run {manifest.RunId}",
            Nodes = manifest.Cluster.Nodes,
            RanksPerNode = manifest.Cluster.RanksPerNode,
            IntraNode = new LinkModel(0, UnlimitedBytesPerSecond),
            InterNode = new LinkModel(0, UnlimitedBytesPerSecond),
            IsInProcess = isInProcess,
            SharedCores = manifest.Cluster.Device != "cpu" ? null : isInProcess ? manifest.Hardware.Cores : sharedCores,
        };
        if (isInProcess)
        {
            return plan.Link is not RecordedLink emulated
                ? (system, "unlimited")
                : (system with { InterNode = Link(emulated.BitsPerSecond, emulated.LatencyNs) }, Quantity.BitRate(emulated.BitsPerSecond));
        }

        if (link is not null)
            return (system with { InterNode = Link(link.BitsPerSecond, link.LatencyNs) }, Quantity.BitRate(link.BitsPerSecond));
        LinkModel measured = PreflightReading.Link(path, system, Algorithm(isInProcess)) ?? throw new UserErrorException(
            $"{path}: its links are real and it has no preflight; run it with --preflight, or give --link RATE,LATENCY");
        return (system with { InterNode = measured }, Quantity.MeasuredBitRate(measured.BytesPerSecond * 8));
    }

    private static TrainingLength Length(CellSummary cell)
    {
        int stepsPerEpoch = cell.Clock[0].Steps;
        return new TrainingLength(cell.Steps / stepsPerEpoch, stepsPerEpoch);
    }

    /// <summary>The losses that the strategy saw; those that are not recorded as if they never plateaued.</summary>
    private static double[] Losses(RecordedRun run, CellId cell, int epochs)
    {
        IReadOnlyList<double> recorded = LossCurve.Of(run, cell);
        return [.. Enumerable.Range(0, epochs).Select(epoch => epoch < recorded.Count ? recorded[epoch] : Math.Pow(0.5, epoch))];
    }

    private static CollectiveAlgorithm Algorithm(bool isInProcess) => isInProcess ? CollectiveAlgorithm.Bound : CollectiveAlgorithm.Homes;

    private static LinkModel Link(double bitsPerSecond, double latencyNs) => new(latencyNs, bitsPerSecond / 8);
}
