using Daso.Cluster;
using Daso.Communication;
using Daso.Data;
using Daso.Recording;
using Daso.Specification;
using Daso.Strategies;
using Daso.Training;

namespace Daso.Experiments;

/// <summary>A run's folder as it fills: the manifest, the run's events and each rank's recorder.</summary>
internal sealed class RunRecord : IDisposable
{
    private readonly RunOptions _options;
    private readonly Manifest _manifest;
    private readonly RunLock? _lock;
    private readonly RunProgress _earlier;
    private readonly Dictionary<CellId, string> _failed = [];
    private RunEvents? _events;
    private CellId? _current;
    private CellClock _clock = new();

    /// <summary>The record of a run whose manifest and events this process writes (it has the lock), or another.</summary>
    private RunRecord(RunOptions options, RunFolder folder, RunLock? held, Manifest manifest, RunProgress earlier)
    {
        _options = options;
        Folder = folder;
        _lock = held;
        _manifest = manifest;
        _earlier = earlier;
        foreach (FailedCell failed in earlier.Failed)
            _failed[failed.Cell] = failed.Reason;
    }

    internal RunFolder Folder { get; }

    /// <summary>What the user must know of how the run's folder was found; lines.</summary>
    internal IReadOnlyList<string> Notes { get; private init; } = [];

    /// <summary>The cells that failed, in this process or before, and why.</summary>
    internal IReadOnlyDictionary<CellId, string> FailedCells => _failed;

    /// <summary>Makes the run's folder and writes the manifest, or opens that of the run to resume.</summary>
    /// <param name="plan">What will run.</param>
    /// <param name="data">The opened data.</param>
    /// <param name="settings">How this process was set up, by name.</param>
    /// <param name="cluster">The cluster.</param>
    /// <exception cref="UserErrorException">It is to replay or to resume a run of another plan, or a checkpoint is damaged or foreign.</exception>
    internal static RunRecord Open(
        SuitePlan plan,
        IReadOnlyDictionary<ExperimentVariant, IDataset> data,
        IReadOnlyDictionary<string, string> settings,
        ICluster cluster) =>
        Take(plan, data, settings, cluster).Begin(Enumerable.Range(0, plan.Options.Topology.Ranks));

    /// <summary>
    /// The record of a run of several processes: they compare what they are about to run, the first makes or opens the folder, and all find
    /// it. What is resumed is the same on all, and each checks its own checkpoints before anything is written.
    /// </summary>
    /// <param name="plan">What will run.</param>
    /// <param name="data">The opened data.</param>
    /// <param name="settings">How this process was set up, by name.</param>
    /// <param name="cluster">The processes.</param>
    /// <exception cref="UserErrorException">A rank has another specification, program or folder, or one of the causes of a single process.</exception>
    internal static RunRecord Share(
        SuitePlan plan,
        IReadOnlyDictionary<ExperimentVariant, IDataset> data,
        IReadOnlyDictionary<string, string> settings,
        ICluster cluster)
    {
        RunRecord? record = null;
        try
        {
            cluster.Run(ranks =>
            {
                JobAgreement.Require(ranks.World, SpecificationWriter.ToJson(new FingerprintedPlan(plan, data)));
                if (ranks.Rank == 0)
                {
                    record = Take(plan, data, settings, cluster);
                    if (!record.Continues)
                        record.Begin([]);
                }

                var found = SharedRun.Parse(JobAgreement.Share(ranks.World, record?.ToShare().ToJson() ?? ""));
                if (record is null)
                {
                    RunFolder folder = RunFolder.Open(found.Path);
                    record = new RunRecord(plan.Options, folder, null, Manifest.Read(folder), found.Progress);
                }

                record.VerifyCheckpoints(ranks.Rank);
                ranks.World.Barrier();
                if (ranks.Rank == 0 && record.Continues)
                    record.Begin([]);
            });
            return record!;
        }
        catch
        {
            record?.Dispose();
            throw;
        }
    }

    /// <summary>Whether a cell has nothing left to train: it is trained, or has failed.</summary>
    internal bool IsSettled(CellId cell) => _earlier.Ended.Contains(cell) || _failed.ContainsKey(cell);

    /// <summary>The checkpoint that a cell goes on from, by its step; null: it begins with its first.</summary>
    internal int? ResumeStepOf(CellId cell) => _earlier.Saved.FirstOrDefault(saved => saved.Cell == cell)?.Step;

    internal CheckpointSeries CheckpointsOf(CellId cell) => CheckpointsOf(cell, _options, Folder, _manifest);

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

    /// <summary>Damaged samples were taken out of the data.</summary>
    /// <param name="lines">A line for each; none: nothing is written.</param>
    internal void SamplesLeftOut(IReadOnlyList<string> lines)
    {
        if (lines.Count > 0)
            _events?.SamplesLeftOut(lines);
    }

    internal void EpochEnded(CellId cell, EpochResult result) => _events?.EpochEnded(cell, result.Epoch, [.. result.Records()]);

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

    /// <summary>The run was stopped, to be resumed.</summary>
    internal void Stopped()
    {
        _events?.Stopped(_current);
        Finish(RunOutcome.Stopped);
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

    /// <summary>Makes the folder, or opens that of the run to resume; writes nothing of the run yet.</summary>
    private static RunRecord Take(
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
            Cluster = manifest.Cluster with
            {
                HasRealLinks = cluster.HasRealLinks,
                RanksPerGpu = ranksPerGpu > 0 ? ranksPerGpu : null,
                Hosts = cluster.Hosts,
            },
        };
        if (plan.Options.ResumedRun() is string path)
            return Resume(path, plan.Options, manifest);
        plan.Options.Replays?.Require(manifest);
        RunFolder folder = RunFolder.Create(plan.Options.OutputFolder, id);
        return new RunRecord(plan.Options, folder, RunLock.Take(folder, out _), manifest, RunProgress.None);
    }

    private static RunRecord Resume(string path, RunOptions options, Manifest here)
    {
        RunFolder folder = RunFolder.Open(path);
        RunLock held = RunLock.Take(folder, out RunHolder? forsaken);
        try
        {
            Manifest earlier = Manifest.Read(folder);
            RequireSameCluster(path, earlier.Cluster, here.Cluster);
            here = here with { Specification = MendedData.Accept(earlier.Specification, here.Specification, out IReadOnlyList<string> mended) };
            SamePlan.Require($"--resume {path}", earlier, here, $"repeat the run's command: {string.Join(' ', earlier.CommandLine)}");
            RunProgress progress = RunProgress.Read(folder, earlier, options.RetriesFailed, cell => CheckpointsOf(cell, options, folder, earlier));
            var resumption = new Resumption(here.StartedUtc, here.CommandLine, here.Source, here.Hardware);
            Manifest resumed = earlier with { FinishedUtc = null, Outcome = null, Resumptions = [.. earlier.Resumptions, resumption] };
            return new RunRecord(options, folder, held, resumed, progress) { Notes = [.. mended, .. NotesOf(folder, forsaken, progress)] };
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    /// <summary>Refuses what the comparison of specifications would say less well.</summary>
    private static void RequireSameCluster(string path, RecordedCluster earlier, RecordedCluster here)
    {
        if (earlier.HasRealLinks != here.HasRealLinks)
        {
            throw new UserErrorException($"--resume {path}: the run was started " + (earlier.HasRealLinks
                ? "under MPI; resume it under mpiexec or srun, too"
                : "as one process; resume it without mpiexec or srun"));
        }

        if ((earlier.Nodes, earlier.RanksPerNode) != (here.Nodes, here.RanksPerNode))
        {
            throw new UserErrorException(FormattableString.Invariant(
                $"--resume {path}: the run has {earlier.Nodes} × {earlier.RanksPerNode} ranks, here are {here.Nodes} × {here.RanksPerNode}; ")
                + "every rank goes on with its own state and its own part of the data: start as many, or a new run");
        }
    }

    private static IEnumerable<string> NotesOf(RunFolder folder, RunHolder? forsaken, RunProgress progress)
    {
        if (forsaken is not null)
            yield return $"{folder.Path}: taken over; its last process ended without a word ({forsaken})";
        foreach ((CellId cell, string reason) in progress.Failed)
            yield return FormattableString.Invariant($"left out, for it failed: {cell.Experiment}, {cell.Strategy}, seed {cell.Seed}: {reason}");
    }

    private static CheckpointSeries CheckpointsOf(CellId cell, RunOptions options, RunFolder folder, Manifest manifest)
    {
        var topology = new Topology(manifest.Cluster.Nodes, manifest.Cluster.RanksPerNode);
        return new CheckpointSeries(folder.Checkpoints, manifest.SpecificationHash, cell, topology)
        {
            FilesFolder = options.CheckpointFolder is string own ? Path.Combine(own, folder.RunId) : folder.Checkpoints,
            Keep = options.KeepCheckpoints ?? 1,
        };
    }

    /// <summary>Whether it goes on with an earlier process's run.</summary>
    private bool Continues => _manifest.Resumptions.Count > 0;

    private SharedRun ToShare() => new(Path.GetFullPath(Folder.Path), _earlier);

    private void VerifyCheckpoints(int rank)
    {
        foreach ((CellId cell, int step) in _earlier.Saved)
            CheckpointsOf(cell).Verify(step, rank);
    }

    /// <summary>Writes that the run begins or goes on; before that, nothing has changed for a run that cannot.</summary>
    /// <param name="ranks">The ranks whose checkpoints are to be checked first.</param>
    private RunRecord Begin(IEnumerable<int> ranks)
    {
        try
        {
            foreach (int rank in ranks)
                VerifyCheckpoints(rank);
            _manifest.Write(Folder);
            _events = new RunEvents(Folder, Continues);
            if (Continues)
                _events.RunResumed();
            else
                _events.RunStarted();
            _options.NoteRun(Folder.Path);
            return this;
        }
        catch
        {
            Dispose();
            throw;
        }
    }

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
            Replays = options.Replays?.Manifest.RunId,
            Source = id.Source,
            Specification = SpecificationWriter.ToJson(new FingerprintedPlan(plan, data)),
            Experiments = [.. plan.Variants.Select(variant => Planned(variant, data[variant]))],
            Cluster = new RecordedCluster(options.Topology.Nodes, options.Topology.RanksPerNode, options.Device),
            Hardware = RecordedHardware.Detect(Devices.GpusOf(options.Device, options.Topology.RanksPerNode)),
            Software = RecordedSoftware.Detect(),
            Settings = settings,
            Machine = MachineFacts.Detect(),
            Determinism = Manifest.DeterminismBeside([.. plan.Variants.SelectMany(FollowersOfTimings)]),
        };
    }

    /// <summary>The strategies whose results depend on measured times.</summary>
    private static IEnumerable<string> FollowersOfTimings(ExperimentVariant variant) => variant.StrategyIndices
        .Where(index => variant.Setup.Strategies[index].FollowsTimings)
        .Select(index => $"{variant.Name}/{variant.Experiment.Strategies[index].Name}");

    private static PlannedExperiment Planned(ExperimentVariant variant, IDataset data) => new()
    {
        Name = variant.Name,
        Strategies = [.. variant.StrategyNames],
        Baseline = variant.Baseline,
        Seeds = variant.Seeds,
        Unit = data.Unit,
        Precision = variant.Setup.Precision.Name,
        Target = variant.Experiment.Target,
        MainMetric = variant.Setup.Objective.MainMetric.Name,
        Metrics =
        [
            .. variant.Setup.Objective.Metrics.Select(
                metric => new RecordedMetric(metric.Name, metric.Title, metric.Unit, metric.Better)),
        ],
        TrainSamples = data.TrainSamples,
        HeldOutSamples = data.HeldOutSamples,
        Link = variant.Link is LinkSpec link ? new RecordedLink(link.BitsPerSecond, link.LatencyNs) : null,
        Policies = Policies(variant) is { Count: > 0 } policies ? policies : null,
    };

    private static Dictionary<string, RecordedPolicy> Policies(ExperimentVariant variant)
    {
        var policies = new Dictionary<string, RecordedPolicy>();
        foreach (int index in variant.StrategyIndices)
        {
            if (variant.Setup.Strategies[index].Policy is StrategyPolicy policy)
            {
                policies.Add(
                    variant.Experiment.Strategies[index].Name, new RecordedPolicy(policy.Averaged, policy.Momentum, policy.BatchNorm, policy.Memory));
            }
        }

        return policies;
    }

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
