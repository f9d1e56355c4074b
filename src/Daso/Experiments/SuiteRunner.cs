using System.Globalization;
using Daso.Cluster;
using Daso.Communication;
using Daso.Data;
using Daso.Preflight;
using Daso.Recording;
using Daso.Specification;
using Daso.Training;
using static TorchSharp.torch;

namespace Daso.Experiments;

/// <summary>Told how a suite goes on.</summary>
internal interface ISuiteObserver
{
    /// <summary>A cell begins.</summary>
    /// <param name="cell">Which.</param>
    /// <param name="number">From 1.</param>
    /// <param name="count">Cells of the suite.</param>
    /// <returns>Is told how the cell's training goes on.</returns>
    ITrainingObserver CellStarted(CellId cell, int number, int count);

    /// <summary>The cell that began last has failed; the others go on.</summary>
    /// <param name="reason">Why.</param>
    void CellFailed(string reason);
}

/// <summary>Runs a suite's plan cell by cell and records it.</summary>
internal sealed class SuiteRunner : IDisposable
{
    private readonly SuitePlan _plan;
    private readonly Func<LinkSpec?, ICluster> _clusterWith;
    private readonly Dictionary<ExperimentVariant, IDataset> _data = [];
    private readonly RunRecord _record;
    private readonly string[] _notes = [];
    private readonly bool _ranksAreThreads;
    private readonly IReadOnlyList<int> _ranksHere;
    private readonly IStopAgreement _stop;
    private int _trainings;

    /// <summary>Finds the devices, opens and checks the data, and then makes the run's folder, or opens that of the run to resume.</summary>
    /// <param name="plan">What to run.</param>
    /// <param name="processes">The processes to run it on, of which this is one; null: an embedded cluster.</param>
    /// <exception cref="UserErrorException">The plan cannot run here; nothing was written.</exception>
    public SuiteRunner(SuitePlan plan, ICluster? processes = null)
    {
        _plan = plan;
        _ranksAreThreads = processes is null;
        string allocator = Allocator.Configure();
        RunOptions options = plan.Options;
        Func<int, Device> deviceOf = Devices.ForRanks(options.Device);
        _clusterWith = link => processes ?? new EmbeddedCluster(options.Topology, link, deviceOf, options.CommunicationLimit);
        foreach (ExperimentVariant variant in plan.Variants)
            variant.Setup.Precision.Prepare(Devices.TypeOf(options.Device));
        ICluster cluster = _clusterWith(null);
        _ranksHere = cluster.RanksHere;
        _stop = cluster.AgreeOnStop();
        IsFirst = _ranksHere[0] == 0;
        Devices.UseThreads(cluster.Shares.ThreadsOf(_ranksHere[0]));
        try
        {
            // The ranks open the data together: they must be about to open the same.
            processes?.Run(ranks => JobAgreement.Require(ranks.World, SpecificationWriter.ToJson(plan)));
            foreach (ExperimentVariant variant in plan.Variants)
                _data.Add(variant, OpenAndCheck(variant, processes));
            string[] leftOut = options.ChecksData || options.MaximumBadSamples > 0 ? CheckData(cluster, processes) : [];
            Dictionary<string, string> settings = Settings(allocator, cluster);
            if (leftOut.Length > 0)
                settings.Add(SettingNames.SamplesLeftOut, leftOut.Length.ToString(CultureInfo.InvariantCulture));
            _record = processes is null ? RunRecord.Open(plan, _data, settings, cluster) : RunRecord.Share(plan, _data, settings, processes);
            _record.SamplesLeftOut(leftOut);
            _notes = [.. leftOut.Select(says => $"note: left out: {says}")];
        }
        catch
        {
            Close();
            throw;
        }
    }

    /// <summary>The cells that failed, in this process or before.</summary>
    public IReadOnlyCollection<CellId> FailedCells => [.. _record.FailedCells.Keys];

    /// <summary>Whether rank 0 is one of this process's ranks: it writes what is common to all.</summary>
    public bool IsFirst { get; }

    /// <summary>What the user must know of the data and of how the run's folder was found; lines, none where rank 0 is elsewhere.</summary>
    public IReadOnlyList<string> Notes => IsFirst
        ? [.. _data.Values.SelectMany(dataset => dataset.Remarks).Distinct().Select(remark => $"note: {remark}"), .. _notes, .. _record.Notes]
        : [];

    /// <summary>The run's folder.</summary>
    public RunFolder Folder => _record.Folder;

    /// <summary>
    /// Asks for a stop: all ranks write a checkpoint after the same step, the next that none of them has passed, and
    /// <see cref="Run"/> throws. From any thread, of one process of the run or of all.
    /// </summary>
    public void RequestStop() => _stop.Request();

    /// <summary>Measures the communicators, with the first experiment's link where links are emulated, and stores it with the run.</summary>
    /// <param name="budget">About how long.</param>
    /// <param name="cancelled">Ends it.</param>
    /// <returns>Null in processes without rank 0.</returns>
    /// <exception cref="ClusterFailedException">A rank failed.</exception>
    /// <exception cref="UserErrorException">A result was wrong.</exception>
    internal PreflightReport? Preflight(TimeSpan budget, CancellationToken cancelled)
    {
        LinkSpec? link = _plan.Variants[0].Link;
        var report = PreflightReport.Measure(_clusterWith(link), link, PreflightReport.DefaultMaximumBytes, budget, cancelled);
        report?.Write(Folder.Preflight);
        report?.RequireCorrect();
        return report;
    }

    /// <summary>
    /// Trains all cells that are not trained yet and have not failed; of a run that replays another, those that the other has completed.
    /// A cell that fails is recorded as failed, and the next one follows, unless the failure takes the cluster or the disk with it.
    /// </summary>
    /// <param name="observer">Told of progress; null: nobody is.</param>
    /// <param name="cancelled">Ends the run.</param>
    /// <exception cref="ClusterFailedException">A rank failed and the others cannot go on; what was recorded is kept.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; what was recorded is kept.</exception>
    /// <exception cref="RunStoppedException">Stopped, as was asked for; the run can be resumed.</exception>
    public void Run(ISuiteObserver? observer, CancellationToken cancelled)
    {
        (ExperimentVariant Variant, int Strategy, int Seed)[] cells =
            [.. _plan.Variants.SelectMany(variant => variant.Cells().Select(cell => (variant, cell.Strategy, cell.Seed)))];
        try
        {
            for (int i = 0; i < cells.Length; i++)
            {
                (ExperimentVariant variant, int strategy, int seed) = cells[i];
                var id = new CellId(variant.Name, variant.Experiment.Strategies[strategy].Name, seed);
                if (_plan.Options.Replays?.Cells.Contains(id) == false || _record.IsSettled(id))
                    continue;
                if (_ranksHere.Any(rank => _stop.StopsAt(rank, new StopPlace(_trainings, 0))))
                    throw new RunStoppedException();
                try
                {
                    RunCell(id, variant, strategy, observer?.CellStarted(id, i + 1, cells.Length), cancelled);
                }
                catch (Exception failure) when (IsOfTheCell(failure))
                {
                    _record.CellFailed(id, failure);
                    observer?.CellFailed(_record.FailedCells[id]);
                }
            }

            _record.Completed();
        }
        catch (OperationCanceledException)
        {
            _record.Cancelled();
            throw;
        }
        catch (RunStoppedException)
        {
            _record.Stopped();
            throw;
        }
        catch (Exception failure)
        {
            _record.Failed(failure);
            throw;
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _record.Dispose();
        Close();
    }

    /// <summary>
    /// Whether the next cell can be trained after a failure. Threads start anew with each cell; processes must have failed alike. What is
    /// wrong with this environment, such as a full disk, is so for every cell.
    /// </summary>
    private bool IsOfTheCell(Exception failure) => failure switch
    {
        AgreedFailureException => true,
        UserErrorException mistake => _ranksAreThreads && mistake.ExitCode != ExitCode.Environment,
        ClusterFailedException { InnerException: IOException or UnauthorizedAccessException } => false,
        ClusterFailedException => _ranksAreThreads,
        _ => false,
    };

    private IDataset OpenAndCheck(ExperimentVariant variant, ICluster? processes)
    {
        IDataset dataset = processes is null ? variant.Setup.Data.Open() : variant.Setup.Data.Open(find => Once(processes, find));
        try
        {
            dataset.OpenTraining(new Shard(0, _plan.Options.Topology.Ranks), variant.Seeds[0], CPU).Dispose();
            return dataset;
        }
        catch
        {
            dataset.Dispose();
            throw;
        }
    }

    private static byte[] Once(ICluster processes, Func<byte[]> find)
    {
        byte[] found = [];
        processes.Run(ranks => found = JobAgreement.Once(ranks.World, find));
        return found;
    }

    /// <summary>Reads all files of the data, each process its part, and takes the damaged samples out where so many may be.</summary>
    /// <returns>A line for each, the same in all processes.</returns>
    /// <exception cref="UserErrorException">More are damaged than may be.</exception>
    private string[] CheckData(ICluster cluster, ICluster? processes)
    {
        // Variants of one experiment may share their data.
        var found = new Dictionary<string, IReadOnlyList<(int Sample, string Says)>>();
        foreach (IDataset dataset in _data.Values)
        {
            if (!found.TryGetValue(dataset.Fingerprint, out IReadOnlyList<(int Sample, string Says)>? damage))
                found.Add(dataset.Fingerprint, damage = FindDamage(dataset, cluster, processes));
            if (damage.Count > 0 && damage.Count <= _plan.Options.MaximumBadSamples)
                dataset.LeaveOut([.. damage.Select(one => one.Sample)]);
        }

        string[] lines = [.. found.Values.SelectMany(damage => damage).Select(one => one.Says).Distinct()];
        if (found.Values.All(damage => damage.Count <= _plan.Options.MaximumBadSamples))
            return lines;
        string option = _plan.Options.MaximumBadSamples > 0 ? $"--max-bad-samples {_plan.Options.MaximumBadSamples}" : "--check-data";
        throw new UserErrorException($"{option}: {lines.Length} damaged: {string.Join("; ", lines)}");
    }

    private static IReadOnlyList<(int Sample, string Says)> FindDamage(IDataset dataset, ICluster cluster, ICluster? processes)
    {
        int samples = dataset.TrainSamples + dataset.HeldOutSamples;
        var shard = new Shard(cluster.RanksHere[0] / cluster.RanksHere.Count, cluster.Topology.Ranks / cluster.RanksHere.Count);
        IReadOnlyList<(int Sample, string Says)> damage = dataset.FindDamage(shard);
        if (processes is null)
            return damage;
        var isDamaged = new long[samples];
        foreach ((int sample, _) in damage)
            isDamaged[sample] = 1;
        processes.Run(ranks => ranks.World.AllReduce(isDamaged, ReduceOperation.Max));
        // What others have found is read again, one sample at a time, for its line.
        return [.. Enumerable.Range(0, samples).Where(sample => isDamaged[sample] == 1).SelectMany(sample => dataset.FindDamage(new Shard(sample, samples)))];
    }

    private void RunCell(CellId id, ExperimentVariant variant, int strategy, ITrainingObserver? observer, CancellationToken cancelled)
    {
        RunOptions options = _plan.Options;
        CheckpointSeries checkpoints = _record.CheckpointsOf(id);
        int? resumeStep = _record.ResumeStepOf(id);
        var training = new TrainingPlan(
            variant.Setup.Model,
            _data[variant],
            variant.Setup.Optimizer,
            variant.Setup.LearningRate,
            variant.Setup.Strategies[strategy],
            id.Seed,
            variant.Epochs,
            variant.Steps,
            options.WarmupSteps)
        {
            Objective = variant.Setup.Objective,
            Precision = variant.Setup.Precision,
            Checkpoints = new CheckpointPlan(checkpoints, options.CheckpointEvery, resumeStep) { Stop = _stop, Training = _trainings },
            WeightsFile = options.SavesWeights ? Folder.Weights(id) : null,
        };
        bool isFirst = _trainings == 0 && options.WarmupSteps > 0;
        _trainings++;
        _record.CellStarted(id, resumeStep);
        string[] hashes = new string[options.Topology.Ranks];
        ICluster cluster = _clusterWith(variant.Link);
        if (isFirst)
            TrainAndThrowAway(training.ForFirstOfProcess(), cluster, cancelled);
        cluster.Run(
            ranks =>
            {
                Devices.UseThreads(cluster.Shares.ThreadsOf(ranks.Rank));
                using CellRecorder recorder = _record.OpenRank(id, ranks.Rank, resumeStep);
                ITrainingObserver? told = ranks.Rank == 0 ? new RecordingObserver(_record, id, observer) : null;
                try
                {
                    hashes[ranks.Rank] = Trainer.Run(training, ranks, recorder, told).ParametersSha256;
                }
                finally
                {
                    recorder.Complete();
                }
            },
            cancelled);
        if (IsFirst)
            _record.CellEnded(id, hashes[0]);
        if (options.KeepCheckpoints is not null || (options.CheckpointEvery is null && resumeStep is null))
            return;
        cluster.Run(
            ranks =>
            {
                // Once the log says that the cell has ended: until then its checkpoints may be needed.
                ranks.World.Barrier();
                checkpoints.Clear(ranks.Rank);
            },
            cancelled);
    }

    /// <summary>A whole training with threads and memory of its own, so that the first that is timed is not the first of the process.</summary>
    private void TrainAndThrowAway(TrainingPlan training, ICluster cluster, CancellationToken cancelled)
    {
        try
        {
            cluster.Run(
                ranks =>
                {
                    Devices.UseThreads(cluster.Shares.ThreadsOf(ranks.Rank));
                    Trainer.TrainAndThrowAway(training, ranks);
                },
                cancelled);
        }
        catch (Exception failure) when (IsOfTheCell(failure))
        {
            // The training that follows fails likewise, and is recorded.
        }
    }

    private Dictionary<string, string> Settings(string allocator, ICluster cluster)
    {
        Dictionary<string, string> settings = CommonSettings(allocator, cluster);
        if (_plan.Options.Device == "cuda")
            settings.Add("convolutions", "cuDNN's benchmark mode: the fastest algorithm that it finds at the first batch");
        return settings;
    }

    private Dictionary<string, string> CommonSettings(string allocator, ICluster cluster) => new(
        _data.Values.SelectMany(dataset => dataset.Settings).DistinctBy(setting => setting.Key))
    {
        ["allocator"] = allocator,
        ["cluster"] = cluster.Description,
        ["cores"] = cluster.Shares.DescribeCores(),
        ["threadsPerRank"] = cluster.Shares.DescribeThreads(),
        ["openMp"] = OpenMpWaiting.Configure(),
        ["firstTraining"] = _plan.Options.WarmupSteps == 0
            ? "as all others"
            : FormattableString.Invariant($"up to {TrainingPlan.FirstTrainingSteps} steps of it before, thrown away"),
        ["warmupSteps"] = _plan.Options.WarmupSteps.ToString(CultureInfo.InvariantCulture),
    };

    private void Close()
    {
        foreach (IDataset dataset in _data.Values)
            dataset.Dispose();
    }

    /// <summary>Writes epochs to the run's events as they end.</summary>
    private sealed class RecordingObserver(RunRecord record, CellId id, ITrainingObserver? next) : ITrainingObserver
    {
        public void StepDone(int steps, int totalSteps) => next?.StepDone(steps, totalSteps);

        public void EpochDone(EpochResult result)
        {
            record.EpochEnded(id, result);
            next?.EpochDone(result);
        }
    }
}
