using Daso.Cluster;
using Daso.Communication;
using Daso.Data;
using Daso.Recording;
using Daso.Specification;
using Daso.Training;
using TorchSharp;

namespace Daso.Experiments;

/// <summary>A run's folder as it fills: the manifest, the run's events and each rank's recorder.</summary>
internal sealed class RunRecord : IDisposable
{
    private readonly Manifest? _manifest;
    private readonly RunEvents? _events;
    private CellId? _current;

    private RunRecord(RunFolder folder, Manifest manifest)
    {
        Folder = folder;
        _manifest = manifest;
        manifest.Write(folder);
        _events = new RunEvents(folder);
        _events.RunStarted();
    }

    /// <summary>The record of a run whose manifest and events another process writes.</summary>
    private RunRecord(RunFolder folder) => Folder = folder;

    internal RunFolder Folder { get; }

    /// <summary>Makes the folder and writes the manifest.</summary>
    /// <param name="plan">What will run.</param>
    /// <param name="data">The opened data.</param>
    /// <param name="settings">How this process was set up, by name.</param>
    internal static RunRecord Create(
        SuitePlan plan, IReadOnlyDictionary<ExperimentVariant, IDataset> data, IReadOnlyDictionary<string, string> settings)
    {
        SourceRevision source = SourceRevision.Detect();
        RunId id = RunId.New(plan.Suite, source);
        RunOptions options = plan.Options;
        bool isCuda = options.Device == "cuda";
        var specification = SpecificationWriter.ToJson(new FingerprintedPlan(plan, data));
        var manifest = new Manifest
        {
            RunId = id.ToString(),
            Suite = plan.Suite,
            StartedUtc = id.StartedUtc,
            CommandLine = Environment.GetCommandLineArgs()[1..],
            Source = source,
            Specification = specification,
            Experiments = [.. plan.Variants.Select(variant => Planned(variant, data[variant]))],
            Cluster = new RecordedCluster(options.Topology.Nodes, options.Topology.RanksPerNode, options.Device),
            Hardware = RecordedHardware.Detect(isCuda ? [.. Enumerable.Range(0, torch.cuda.device_count()).Select(i => $"cuda:{i}")] : []),
            Software = RecordedSoftware.Detect(),
            Settings = settings,
        };
        return new RunRecord(RunFolder.Create(options.OutputFolder, id), manifest);
    }

    /// <summary>
    /// The record of a run of several processes: they compare what they are about to run, the first makes the folder, and all find it.
    /// </summary>
    /// <param name="plan">What will run.</param>
    /// <param name="data">The opened data.</param>
    /// <param name="settings">How this process was set up, by name.</param>
    /// <param name="cluster">The processes.</param>
    /// <exception cref="UserErrorException">On rank 0: a rank has another specification or program.</exception>
    internal static RunRecord Share(
        SuitePlan plan,
        IReadOnlyDictionary<ExperimentVariant, IDataset> data,
        IReadOnlyDictionary<string, string> settings,
        ICluster cluster)
    {
        RunRecord? record = null;
        cluster.Run(ranks =>
        {
            JobAgreement.Require(ranks.World, SpecificationWriter.ToJson(new FingerprintedPlan(plan, data)));
            if (ranks.Rank == 0)
                record = Create(plan, data, settings);
            string path = JobAgreement.Share(ranks.World, record is null ? "" : Path.GetFullPath(record.Folder.Path));
            record ??= new RunRecord(RunFolder.Open(path));
        });
        return record!;
    }

    internal CellRecorder OpenRank(CellId cell, int rank, int expectedSteps) => new(Folder, cell, rank, expectedSteps);

    internal void CellStarted(CellId cell)
    {
        _current = cell;
        _events?.CellStarted(cell);
    }

    internal void EpochEnded(CellId cell, EpochResult result) => _events?.EpochEnded(cell, result.Epoch,
    [
        (MetricNames.TrainLoss, result.TrainLoss),
        (MetricNames.HeldOutLoss, result.HeldOutLoss),
        (MetricNames.HeldOutAccuracy, result.HeldOutAccuracy),
        (MetricNames.HeldOutTop5, result.HeldOutTop5),
        (MetricNames.LearningRate, result.LearningRate),
    ]);

    internal void CellEnded(CellId cell, string parametersSha256)
    {
        _events?.CellEnded(cell, parametersSha256);
        _current = null;
    }

    internal void Completed() => Finish(RunOutcome.Completed);

    internal void Cancelled()
    {
        _events?.Cancelled(_current);
        Finish(RunOutcome.Cancelled);
    }

    internal void Failed(Exception failure)
    {
        _events?.Failed(failure.ToString(), _current);
        Finish(RunOutcome.Failed);
    }

    public void Dispose() => _events?.Dispose();

    private static PlannedExperiment Planned(ExperimentVariant variant, IDataset data) => new()
    {
        Name = variant.Name,
        Strategies = [.. variant.StrategyNames],
        Baseline = variant.Baseline,
        Seeds = variant.Seeds,
        Unit = data.Unit,
        Target = variant.Experiment.Target,
        Link = variant.Link is LinkSpec link ? new RecordedLink(link.BitsPerSecond, link.LatencyNs) : null,
    };

    private void Finish(RunOutcome outcome)
    {
        _events?.RunEnded(outcome);
        _manifest?.WriteOutcome(Folder, outcome);
    }

    /// <summary>The plan and what the data's files hold.</summary>
    private sealed class FingerprintedPlan(SuitePlan plan, IReadOnlyDictionary<ExperimentVariant, IDataset> data) : ISpecification
    {
        public void Describe(SpecificationWriter writer)
        {
            plan.Describe(writer);
            foreach ((ExperimentVariant variant, IDataset dataset) in data)
                writer.Add($"data of {variant.Name}", dataset.Fingerprint);
        }
    }
}
