using System.Text.Json.Nodes;
using Daso.Analysis;
using Daso.Communication;
using Daso.Recording;

namespace Daso.Prediction.Calibrating;

/// <summary>Reads the cells of a run that the model of a step can predict.</summary>
/// <param name="link">Of runs whose links are real and that have no preflight; null: not given.</param>
/// <param name="sharedCores">Of runs under MPI whose nodes are one machine: the cores that all ranks share; null: they do not.</param>
internal sealed class RunReading(LinkSpec? link, int? sharedCores)
{
    private const double UnlimitedBytesPerSecond = 1e15;

    /// <summary>Reads a run. Strategies and models that are not this project's are left out.</summary>
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
            foreach (StrategySummary strategy in experiment.Strategies.Where(one => one.Cells.Any(cell => cell.Steps > 0)))
            {
                JsonObject settings = specification["strategies"]![strategy.Strategy]!.AsObject();
                if (RunSpecification.Strategy(settings, Algorithm(isInProcess)) is not StrategyModel strategyModel)
                    continue;
                CellSummary[] trained = [.. strategy.Cells.Where(cell => cell.Steps > 0)];
                cells.Add(new MeasuredCell
                {
                    Run = path,
                    Experiment = experiment.Plan.Name,
                    Strategy = strategy.Strategy,
                    System = system,
                    Model = strategyModel,
                    Length = Length(run, new CellId(experiment.Plan.Name, strategy.Strategy, trained[0].Seed), trained[0], settings),
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

    /// <summary>The length and, for DASO, the losses that its schedule saw.</summary>
    private static TrainingLength Length(RecordedRun run, CellId id, CellSummary cell, JsonObject settings)
    {
        int stepsPerEpoch = cell.Clock[0].Steps;
        return new TrainingLength(cell.Steps / stepsPerEpoch, stepsPerEpoch)
        {
            DasoSchedule = RunSpecification.Schedule(settings),
            Losses = LossCurve.Of(run, id),
        };
    }

    private static CollectiveAlgorithm Algorithm(bool isInProcess) => isInProcess ? CollectiveAlgorithm.Bound : CollectiveAlgorithm.Chain;

    private static LinkModel Link(double bitsPerSecond, double latencyNs) => new(latencyNs, bitsPerSecond / 8);
}
