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
    private readonly RunLock? _lock;
    private readonly RunEvents? _events;
    private readonly IReadOnlySet<CellId> _ended;
    private readonly Dictionary<CellId, string> _failed;
    private CellId? _current;
    private CellClock _clock = new();

    private RunRecord(RunFolder folder, RunLock held, Manifest manifest, IReadOnlySet<CellId> ended, Dictionary<CellId, string> failed)
    {
        Folder = folder;
        _lock = held;
        _manifest = manifest;
        _ended = ended;
        _failed = failed;
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
        _failed = [];
    }

    internal RunFolder Folder { get; }

    /// <summary>What the user must know of how the run's folder was found; lines.</summary>
    internal IReadOnlyList<string> Notes { get; private init; } = [];

    /// <summary>The cells that failed, in this process or before, and why.</summary>
    internal IReadOnlyDictionary<CellId, string> FailedCells => _failed;

    /// <summary>Makes the folder and writes the manifest.</summary>
    /// <param name="plan">What will run.</param>
    /// <param name="data">The opened data.</param>
    /// <param name="settings">How this process was set up, by name.</param>
    /// <param name="cluster">The cluster.</param>
    /// <exception cref="UserErrorException">It is to repeat a run of another plan.</exception>
    internal static RunRecord Create(
        SuitePlan plan,
        IReadOnlyDictionary<ExperimentVariant, IDataset> data,
        IReadOnlyDictionary<string, string> settings,
        ICluster cluster)
    {
        RunId id = RunId.New(plan.Suite, SourceRevision.Detect());
        Manifest manifest = Describe(plan, data, settings, id);
        int ranksPerGpu = cluster.Shares.RanksPerGpu;
        manifest = manifest with
        {
            Cluster = manifest.Cluster with { HasRealLinks = cluster.HasRealLinks, RanksPerGpu = ranksPerGpu > 0 ? ranksPerGpu : null },
        };
        plan.Options.Repeats?.Require(manifest);
        RunFolder folder = RunFolder.Create(plan.Options.OutputFolder, id);
        return Holding(RunLock.Take(folder, out _), held => new RunRecord(folder, held, manifest, new HashSet<CellId>(), []));
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
                record = Create(plan, data, settings, cluster);
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
        RunLock taken = RunLock.Take(folder, out RunHolder? forsaken);
        return Holding(taken, held =>
        {
            Manifest earlier = Manifest.Read(folder);
            Manifest here = Describe(plan, data, settings, RunId.New(plan.Suite, SourceRevision.Detect()));
            here = here with { Specification = MendedData.Accept(earlier.Specification, here.Specification, out IReadOnlyList<string> mended) };
            SamePlan.Require($"--resume {path}", earlier, here, $"repeat the run's command: {string.Join(' ', earlier.CommandLine)}");
            IReadOnlySet<CellId> ended = RunEvents.ReadEnded(folder, earlier.Cluster.Ranks());
            var failed = RunEvents.ReadFailed(folder).Where(one => !ended.Contains(one.Key)).ToDictionary();
            if (plan.Options.RetriesFailed)
                failed.Clear();
            foreach (CellId cell in earlier.Experiments.SelectMany(experiment => experiment.Cells()))
            {
                CheckpointSeries checkpoints = CheckpointsOf(cell, folder, earlier);
                if (!ended.Contains(cell) && !failed.ContainsKey(cell) && checkpoints.LatestStep() is int step)
                    checkpoints.Verify(step);
            }

            var resumption = new Resumption(here.StartedUtc, here.CommandLine, here.Source, here.Hardware);
            return new RunRecord(
                folder,
                held,
                earlier with { FinishedUtc = null, Outcome = null, Resumptions = [.. earlier.Resumptions, resumption] },
                ended,
                failed)
            {
                Notes = [.. mended, .. NotesOf(folder, forsaken, failed)],
            };
        });
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

    /// <summary>A cell has failed; the run goes on.</summary>
    internal void CellFailed(CellId cell, Exception failure)
    {
        _failed[cell] = FailureText.OneLine(failure.Message);
        _events?.CellFailed(cell, failure.Message, failure.ToString());
        _current = null;
    }

    /// <summary>All cells were tried.</summary>
    internal void Completed() => Finish(_failed.Count == 0 ? RunOutcome.Completed : RunOutcome.Failed);

    internal void Cancelled()
    {
        _events?.Cancelled(_current);
        Finish(RunOutcome.Cancelled);
    }

    /// <summary>Something ends the run. Where it is the disk that this cannot be written to either, the records just end.</summary>
    internal void Failed(Exception failure)
    {
        try
        {
            _events?.Failed(failure.Message, _current, failure.ToString());
            Finish(RunOutcome.Failed);
        }
        catch (UserErrorException)
        {
            // The first failure is the one to tell.
        }
    }

    public void Dispose()
    {
        _events?.Dispose();
        _lock?.Dispose();
    }

    /// <summary>Gives the folder back if the record cannot be made.</summary>
    private static RunRecord Holding(RunLock held, Func<RunLock, RunRecord> make)
    {
        try
        {
            return make(held);
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    private static IEnumerable<string> NotesOf(RunFolder folder, RunHolder? forsaken, Dictionary<CellId, string> failed)
    {
        if (forsaken is not null)
            yield return $"{folder.Path}: taken over; its last process ended without a word ({forsaken})";
        foreach ((CellId cell, string reason) in failed)
            yield return FormattableString.Invariant($"left out, for it failed: {cell.Experiment}, {cell.Strategy}, seed {cell.Seed}: {reason}");
    }

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
        TrainSamples = data.TrainSamples,
        HeldOutSamples = data.HeldOutSamples,
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
                writer.Add(MendedData.EntryOf(variant.Name), dataset.Fingerprint);
        }
    }
}
