using Daso.Cluster;
using Daso.Communication;
using Daso.Data;
using Daso.Gpu;
using Daso.LibTorch;
using Daso.Models;
using Daso.Objectives;
using Daso.Optimization;
using Daso.Recording;
using Daso.Strategies;
using Daso.Timing;
using TorchSharp;
using static TorchSharp.torch;

namespace Daso.Training;

/// <summary>One rank's training loop. It knows nothing of what the strategy does.</summary>
internal sealed class Trainer : IDisposable
{
    private readonly RankContext _ranks;
    private readonly StepTimer _timer;
    private readonly Replica _replica;
    private readonly ILearner _learner;
    private readonly ILearningRate _learningRate;
    private readonly IStrategy _strategy;
    private readonly LossScaler? _scaler;
    private readonly IBatchSource _training;
    private readonly IBatchSource _heldOut;
    private readonly Tensor _loss;
    private readonly Tensor _lossSum;
    private readonly TrainingStep _stepUnderWay;
    private readonly Evaluation _evaluation;
    private readonly List<EpochResult> _results = [];
    private readonly CheckpointPlan? _checkpoints;
    private readonly TrainingState _state;
    private readonly int _totalSteps;
    private int _step;
    private long _batchSize;
    private long _stoppedNs = ProcessClock.StoppedNs;

    /// <summary>Builds everything from the seed, equal on all ranks but for the shard of the data, or goes on from a checkpoint.</summary>
    /// <exception cref="UserErrorException">The checkpoint is missing, damaged or of another training.</exception>
    public Trainer(TrainingPlan plan, RankContext ranks, IRecorder recorder)
    {
        _ranks = ranks;
        _timer = new StepTimer(recorder, Devices.MarksOn(ranks.Device));
        var shard = new Shard(ranks.Rank, ranks.Topology.Ranks);
        Autocast? autocast = plan.Precision.Prepare(ranks.Device.type);
        _replica = new Replica(plan.Model.Build(plan.Seed), ranks.Device, plan.Precision.PutsChannelsLast(ranks.Device.type));
        _replica.Model.Autocast = autocast;
        _scaler = plan.Precision.Compute == NumberFormat.Float16 ? new LossScaler(ranks.World, _replica, _timer) : null;
        _learner = plan.Objective.CreateLearner(_replica, plan.Strategy.OwnOptimizer ?? plan.Optimizer, shard);
        _training = plan.Data.OpenTraining(shard, plan.Seed, ranks.Device);
        _heldOut = plan.Data.OpenHeldOut(shard, ranks.Device);
        _evaluation = new Evaluation(ranks, _replica, _learner, plan.Objective.Metrics, _heldOut);
        int stepsPerEpoch = Math.Min(Math.Min(_training.BatchesPerEpoch, plan.EpochSteps ?? int.MaxValue), plan.MaximumSteps ?? int.MaxValue);
        _totalSteps = (int)Math.Min((plan.Epochs ?? int.MaxValue) * (long)stepsPerEpoch, plan.MaximumSteps ?? int.MaxValue);
        StepsPerEpoch = stepsPerEpoch;
        Epochs = (_totalSteps + stepsPerEpoch - 1) / stepsPerEpoch;
        _learningRate = plan.LearningRate.Create(ranks.Topology.Ranks, stepsPerEpoch);
        _loss = zeros(1, device: ranks.Device).DetachFromDisposeScope();
        _lossSum = zeros(1, device: ranks.Device).DetachFromDisposeScope();
        _stepUnderWay = new TrainingStep(_loss);
        _strategy = plan.Strategy.Create(
            new StrategyContext(ranks, _replica, _learner.Optimizer, _timer, Epochs, stepsPerEpoch) { Step = _stepUnderWay });
        _replica.Model.Observer = _strategy;
        _state = new TrainingState(_replica, _learner.Optimizer, _learningRate, _strategy, plan.Objective.Metrics, _lossSum, _results)
        {
            LossScaler = _scaler,
        };
        _checkpoints = plan.Checkpoints;
        if (_checkpoints?.ResumeStep is int step)
        {
            _checkpoints.Series.Read(ranks.Rank, step, _state.Load);
            _step = step;
        }
    }

    /// <summary>Epochs that are trained, the last perhaps in part.</summary>
    public int Epochs { get; }

    /// <summary>Steps in an epoch.</summary>
    public int StepsPerEpoch { get; }

    /// <summary>The model.</summary>
    public Replica Replica => _replica;

    /// <summary>Runs one rank of a cell: untimed warm-up on a model that is thrown away, then the training.</summary>
    /// <param name="plan">What to train.</param>
    /// <param name="ranks">This rank.</param>
    /// <param name="recorder">Takes spans and metrics of the timed part.</param>
    /// <param name="observer">Told of progress; given to rank 0 only.</param>
    public static TrainingOutcome Run(TrainingPlan plan, RankContext ranks, IRecorder recorder, ITrainingObserver? observer)
    {
        if (plan.WarmupSteps > 0)
            TrainAndThrowAway(plan.ForWarmup(ranks.Topology), ranks);
        using var trainer = new Trainer(plan, ranks, recorder);
        TrainingOutcome outcome = trainer.Train(observer);
        if (plan.WeightsFile is string file && ranks.Rank == 0)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            ModelWeights.Save(plan.Model, trainer._replica.Model, file);
        }

        return outcome;
    }

    /// <summary>Trains without evaluation; nothing is left of it.</summary>
    public static void TrainAndThrowAway(TrainingPlan plan, RankContext ranks)
    {
        using var trainer = new Trainer(plan, ranks, NullRecorder.Instance);
        for (int epoch = 0; epoch < trainer.Epochs; epoch++)
        {
            double loss = trainer.TrainEpoch(epoch, null);
            trainer._strategy.EvaluationStarting();
            trainer._strategy.EpochEnded(loss);
        }
    }

    /// <summary>Trains and evaluates all epochs, or what is left of them.</summary>
    public TrainingOutcome Train(ITrainingObserver? observer)
    {
        while (_step < _totalSteps)
        {
            int epoch = _step / StepsPerEpoch;
            double loss = TrainEpoch(epoch, observer);
            _strategy.EvaluationStarting();
            EpochResult result = Evaluate(epoch, loss);
            _strategy.EpochEnded(loss);
            _learningRate.EpochEnded(loss);
            _results.Add(result);
            observer?.EpochDone(result);
            SaveIfDue();
        }

        _timer.Flush();
        return new TrainingOutcome(_results, HashParameters());
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _strategy.Dispose();
        _training.Dispose();
        _heldOut.Dispose();
        _learner.Dispose();
        _replica.Dispose();
        _loss.Dispose();
        _lossSum.Dispose();
        _timer.Dispose();
    }

    /// <summary>Trains one epoch, or what is left of it; returns its loss, averaged over steps and ranks.</summary>
    private double TrainEpoch(int epoch, ITrainingObserver? observer)
    {
        int firstBatch = _step - (epoch * StepsPerEpoch);
        _training.StartEpoch(epoch, firstBatch);
        _replica.Model.train();
        // What lies about from warm-up, the last epoch and its evaluation is not left for a step to collect.
        if (_ranks.IsFirstOfProcess)
            GC.Collect();
        _ranks.World.Barrier();
        int steps = Math.Min(StepsPerEpoch, _totalSteps - (epoch * StepsPerEpoch));
        for (int batch = firstBatch; batch < steps; batch++)
        {
            _ranks.Cancelled.ThrowIfCancellationRequested();
            _timer.MoveTo(epoch, _step);
            try
            {
                Step(epoch, batch);
            }
            catch (Exception failure) when (failure is not (OperationCanceledException or UserErrorException))
            {
                throw new InvalidOperationException($"epoch {epoch}, step {_step}: {OutOfMemory.Explain(failure.Message, _batchSize) ?? failure.Message}", failure);
            }

            EndStep();
            _step++;
            observer?.StepDone(_step, _totalSteps);
            if (batch + 1 < steps)
                SaveIfDue();
        }

        float[] loss = [_lossSum.item<float>() / steps, _ranks.Failure.IsThere ? 1 : 0];
        using (no_grad())
            _lossSum.zero_();
        // Averaged first: one rank's is all ranks', and all notice.
        _ranks.World.AllReduce(loss, ReduceOperation.Mean);
        if (loss[1] > 0)
            _ranks.Failure.ThrowOnAll(_ranks.World, $"epoch {epoch}");
        if (!float.IsFinite(loss[0]))
            throw Diverged($"epoch {epoch}: the training loss is {loss[0]}");
        return loss[0];
    }

    private void Step(int epoch, int batch)
    {
        long allocatedBefore = GC.GetAllocatedBytesForCurrentThread();
        CollectionCount collectionsBefore = CollectionCount.Now();
        SpanMark start = _timer.Mark();
        using (NewDisposeScope())
        {
            Batch? data = _training.NextOrNone(_ranks.Failure);
            _timer.End(SpanKind.Data, start);
            _stepUnderWay.MoveTo(_step, _learningRate.At(_step));
            _strategy.StepStarted(epoch, batch);
            _scaler?.Arm();
            if (data is Batch present)
            {
                _batchSize = present.Inputs.size(0);
                Tensor loss = _learner.Learn(present, _timer, _timer.Mark());
                using (no_grad())
                    _lossSum.add_(_loss.copy_(loss), Scalars.One);
                _timer.Metric(MetricNames.Items, present.Items);
            }
        }

        _strategy.BackwardDone();
        bool isMade = _scaler?.Unscale() ?? true;
        SpanMark backwardEnd = _timer.Mark();
        if (isMade)
            _learner.Optimizer.Step(_stepUnderWay.LearningRate);
        _timer.End(SpanKind.Optimizer, backwardEnd);
        _strategy.OptimizerStepped();
        _timer.End(SpanKind.Step, start);
        _timer.Metric(MetricNames.AllocatedBytes, GC.GetAllocatedBytesForCurrentThread() - allocatedBefore);
        collectionsBefore.RecordSince(_timer);
    }

    private EpochResult Evaluate(int epoch, double trainLoss)
    {
        SpanMark start = _timer.Mark();
        IReadOnlyList<MeasuredMetric> heldOut = _evaluation.Run(epoch);
        _timer.End(SpanKind.Evaluation, start);
        var result = new EpochResult(epoch, trainLoss, heldOut, _learningRate.At(_step - 1));
        if (_ranks.Rank == 0)
        {
            foreach ((string name, double value) in result.Records())
                _timer.Metric(name, value);
            _timer.Metric(MetricNames.LiveTensors, Tensor.TotalCount);
        }

        if (_ranks.Device.type == DeviceType.CUDA)
            _timer.Metric(MetricNames.DeviceMemoryBytes, GpuMemory.InUse());

        EndStep();
        return result;
    }

    /// <summary>
    /// Writes a checkpoint if one is due or the ranks stop here; after an epoch's last step that is when the epoch has been evaluated.
    /// </summary>
    private void SaveIfDue()
    {
        if (_checkpoints is null || _step == _totalSteps)
            return;
        bool stops = _checkpoints.StopsAfter(_step, _ranks.Rank);
        if (!stops && _checkpoints.Every?.IsDueAfter(_step, StepsPerEpoch) != true)
            return;
        EndStep();
        _timer.Flush(); // what was measured of the steps before a checkpoint is on disk before the checkpoint
        SpanMark start = _timer.Mark();
        _checkpoints.Series.Write(_ranks, _step, _state.Save);
        _timer.End(SpanKind.Checkpoint, start);
        EndStep();
        if (!stops)
            return;
        _timer.Flush();
        throw new RunStoppedException();
    }

    /// <summary>Notes a stop of the process since the last time, at the present step, and ends what belongs to the step.</summary>
    private void EndStep()
    {
        long stoppedNs = ProcessClock.StoppedNs;
        if (stoppedNs != _stoppedNs)
            _timer.Metric(MetricNames.StoppedNs, stoppedNs - _stoppedNs);
        _stoppedNs = stoppedNs;
        _timer.EndStep();
    }

    internal static AgreedFailureException Diverged(string what) => new($"{what}: training has diverged; lower the learning rate");

    private string HashParameters()
    {
        _replica.Parameters.ToHost();
        return FloatBytes.Sha256(_replica.Parameters.Host.Span);
    }
}
