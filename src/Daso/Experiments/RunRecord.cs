using Daso.Cluster;
using Daso.Communication;
using Daso.Data;
using Daso.Recording;
using Daso.Specification;
using Daso.Training;

namespace Daso.Experiments;

/// <summary>A run's folder as it fills: the manifest, the run's events and each rank's recorder.</summary>
internal sealed class RunRecord : IDisposable
{
    private readonly Manifest _manifest;
    private readonly RunEvents? _events;
    private readonly IReadOnlySet<CellId> _ended;
    private CellId? _current;
    private CellClock _clock = new();

    private RunRecord(RunFolder folder, Manifest manifest, IReadOnlySet<CellId> ended)
    {
        Folder = folder;
        _manifest = manifest;
        _ended = ended;
        manifest.Write(folder);
        bool continues = manifest.Resumptions.Count > 0;
        _events = new RunEvents(folder, continues);
        if (continues)
            _events.RunResumed();
        else
            _events.RunStarted();
    }

    /// <summary>The record of a run whose manifest and events another process writes.</summary>
    private RunRecord(RunFolder folder)
    {
        Folder = folder;
        _manifest = Manifest.Read(folder);
        _ended = new HashSet<CellId>();
    }

    internal RunFolder Folder { get; }

    /// <summary>Makes the folder and writes the manifest.</summary>
    /// <param name="plan">What will run.</param>
    /// <param name="data">The opened data.</param>
    /// <param name="settings">How this process was set up, by name.</param>
    /// <param name="hasRealLinks">Whether nodes are joined by real links in place of emulated ones.</param>
    /// <exception cref="UserErrorException">It is to repeat a run of another plan.</exception>
    internal static RunRecord Create(
        SuitePlan plan,
        IReadOnlyDictionary<ExperimentVariant, IDataset> data,
        IReadOnlyDictionary<string, string> settings,
        bool hasRealLinks = false)
    {
        RunId id = RunId.New(plan.Suite, SourceRevision.Detect());
        Manifest manifest = Describe(plan, data, settings, id);
        manifest = manifest with { Cluster = manifest.Cluster with { HasRealLinks = hasRealLinks } };
        plan.Options.Repeats?.Require(manifest);
        return new RunRecord(RunFolder.Create(plan.Options.OutputFolder, id), manifest, new HashSet<CellId>());
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
                record = Create(plan, data, settings, hasRealLinks: true);
            string path = JobAgreement.Share(ranks.World, record is null ? "" : Path.GetFullPath(record.Folder.Path));
            record ??= new RunRecord(RunFolder.Open(path));
        });
        return record!;
    }

    /// <summary>Goes on with the records of an interrupted run; all its checkpoints are checked before anything is written.</summary>
    /// <param name="path">The run's folder.</param>
    /// <param name="plan">What will run.</param>
    /// <param name="data">The opened data.</param>
    /// <param name="settings">How this process was set up, by name.</param>
    /// <exception cref="UserErrorException">It is not a run of this plan, or a checkpoint is damaged or foreign.</exception>
    internal static RunRecord Resume(
        string path,
        SuitePlan plan,
        IReadOnlyDictionary<ExperimentVariant, IDataset> data,
        IReadOnlyDictionary<string, string> settings)
    {
        RunFolder folder = RunFolder.Open(path);
        Manifest earlier = Manifest.Read(folder);
        Manifest here = Describe(plan, data, settings, RunId.New(plan.Suite, SourceRevision.Detect()));
        SamePlan.Require($"--resume {path}", earlier, here, $"repeat the run's command: {string.Join(' ', earlier.CommandLine)}");
        IReadOnlySet<CellId> ended = RunEvents.ReadEnded(folder, earlier.Cluster.Ranks());
        foreach (CellId cell in earlier.Experiments.SelectMany(experiment => experiment.Cells()).Where(cell => !ended.Contains(cell)))
        {
            CheckpointSeries checkpoints = CheckpointsOf(cell, folder, earlier);
            if (checkpoints.LatestStep() is int step)
                checkpoints.Verify(step);
        }

        var resumption = new Resumption(here.StartedUtc, here.CommandLine, here.Source, here.Hardware);
        return new RunRecord(
            folder,
            earlier with { FinishedUtc = null, Outcome = null, Resumptions = [.. earlier.Resumptions, resumption] },
            ended);
    }

    /// <summary>Whether an earlier process has trained the cell.</summary>
    internal bool HasEnded(CellId cell) => _ended.Contains(cell);

    internal CheckpointSeries CheckpointsOf(CellId cell) => CheckpointsOf(cell, Folder, _manifest);

    /// <summary>Opens a rank's recorder of the cell under way.</summary>
    /// <param name="cell">The cell.</param>
    /// <param name="rank">The rank.</param>
    /// <param name="resumeStep">Steps of the checkpoint that it goes on from; null: none.</param>
    internal CellRecorder OpenRank(CellId cell, int rank, int? resumeStep) =>
        File.Exists(Folder.StepEvents(cell, rank))
            ? CellRecorder.Continue(Folder, cell, rank, resumeStep ?? 0, _clock)
            : new CellRecorder(Folder, cell, rank);

    internal void CellStarted(CellId cell, int? resumeStep)
    {
        _current = cell;
        _clock = new CellClock();
        if (resumeStep is int step)
            _events?.CellResumed(cell, step);
        else
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

    private static CheckpointSeries CheckpointsOf(CellId cell, RunFolder folder, Manifest manifest) => new(
        folder.Checkpoints,
        manifest.SpecificationHash,
        cell,
        new Topology(manifest.Cluster.Nodes, manifest.Cluster.RanksPerNode));

    private static Manifest Describe(
        SuitePlan plan,
        IReadOnlyDictionary<ExperimentVariant, IDataset> data,
        IReadOnlyDictionary<string, string> settings,
        RunId id)
    {
        RunOptions options = plan.Options;
        return new Manifest
        {
            RunId = id.ToString(),
            Suite = plan.Suite,
            StartedUtc = id.StartedUtc,
            CommandLine = Environment.GetCommandLineArgs()[1..],
            WorkingFolder = Environment.CurrentDirectory,
            Repeats = options.Repeats?.Manifest.RunId,
            Source = id.Source,
            Specification = SpecificationWriter.ToJson(new FingerprintedPlan(plan, data)),
            Experiments = [.. plan.Variants.Select(variant => Planned(variant, data[variant]))],
            Cluster = new RecordedCluster(options.Topology.Nodes, options.Topology.RanksPerNode, options.Device),
            Hardware = RecordedHardware.Detect(Devices.GpusOf(options.Device, options.Topology.RanksPerNode)),
            Software = RecordedSoftware.Detect(),
            Settings = settings,
        };
    }

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
        if (_events is null)
            return;
        _events.RunEnded(outcome);
        _manifest.WriteOutcome(Folder, outcome);
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
