using Daso.Cluster;
using Daso.Communication;
using Daso.Data;
using Daso.Models;
using Daso.Optimization;
using Daso.Recording;
using Daso.Strategies;
using Daso.Timing;
using TorchSharp;
using static TorchSharp.torch;

namespace Daso.Training;

/// <summary>One rank's training loop. It knows nothing of what the strategy does.</summary>
public sealed class Trainer : IDisposable
{
    private readonly RankContext _ranks;
    private readonly IRecorder _recorder;
    private readonly Replica _replica;
    private readonly IOptimizer _optimizer;
    private readonly ILearningRate _learningRate;
    private readonly IStrategy _strategy;
    private readonly IBatchSource _training;
    private readonly IBatchSource _heldOut;
    private readonly Tensor _loss;
    private readonly Tensor _lossSum;
    private readonly TrainingStep _stepUnderWay;
    private readonly List<EpochResult> _results = [];
    private readonly CheckpointPlan? _checkpoints;
    private readonly TrainingState _state;
    private readonly int _totalSteps;
    private readonly bool _isAsynchronousDevice;
    private int _step;
    private long _stoppedNs = ProcessClock.StoppedNs;

    /// <summary>Builds everything from the seed, equal on all ranks but for the shard of the data, or goes on from a checkpoint.</summary>
    /// <exception cref="UserErrorException">The checkpoint is missing, damaged or of another training.</exception>
    public Trainer(TrainingPlan plan, RankContext ranks, IRecorder recorder)
    {
        _ranks = ranks;
        _recorder = recorder;
        var shard = new Shard(ranks.Rank, ranks.Topology.Ranks);
        _replica = new Replica(plan.Model.Build(plan.Seed), ranks.Device);
        _optimizer = plan.Optimizer.Create(_replica.Parameters, _replica.Gradients);
        _training = plan.Data.OpenTraining(shard, plan.Seed, ranks.Device);
        _heldOut = plan.Data.OpenHeldOut(shard, ranks.Device);
        int stepsPerEpoch = Math.Min(_training.BatchesPerEpoch, plan.MaximumSteps ?? int.MaxValue);
        _totalSteps = (int)Math.Min((plan.Epochs ?? int.MaxValue) * (long)stepsPerEpoch, plan.MaximumSteps ?? int.MaxValue);
        StepsPerEpoch = stepsPerEpoch;
        Epochs = (_totalSteps + stepsPerEpoch - 1) / stepsPerEpoch;
        _learningRate = plan.LearningRate.Create(ranks.Topology.Ranks, stepsPerEpoch);
        _loss = zeros(1, device: ranks.Device).DetachFromDisposeScope();
        _lossSum = zeros(1, device: ranks.Device).DetachFromDisposeScope();
        _stepUnderWay = new TrainingStep(_loss);
        _strategy = plan.Strategy.Create(
            new StrategyContext(ranks, _replica, _optimizer, recorder, Epochs, stepsPerEpoch) { Step = _stepUnderWay });
        _replica.Model.Observer = _strategy;
        _isAsynchronousDevice = ranks.Device.type != DeviceType.CPU;
        _state = new TrainingState(_replica, _optimizer, _learningRate, _strategy, _lossSum, _results);
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
        {
            using var warmup = new Trainer(plan with { MaximumSteps = plan.WarmupSteps, Checkpoints = null }, ranks, NullRecorder.Instance);
            warmup.TrainEpoch(0, null);
        }

        using var trainer = new Trainer(plan, ranks, recorder);
        return trainer.Train(observer);
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

        return new TrainingOutcome(_results, HashParameters());
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _strategy.Dispose();
        _training.Dispose();
        _heldOut.Dispose();
        _optimizer.Dispose();
        _replica.Dispose();
        _loss.Dispose();
        _lossSum.Dispose();
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
            _recorder.MoveTo(epoch, _step);
            try
            {
                Step(epoch, batch);
            }
            catch (Exception failure) when (failure is not (OperationCanceledException or UserErrorException))
            {
                throw new InvalidOperationException($"epoch {epoch}, step {_step}: {failure.Message}", failure);
            }

            EndStep();
            _step++;
            observer?.StepDone(_step, _totalSteps);
            if (batch + 1 < steps)
                SaveIfDue();
        }

        float[] loss = [_lossSum.item<float>() / steps];
        using (no_grad())
            _lossSum.zero_();
        // Averaged first: one rank's is all ranks', and all notice.
        _ranks.World.AllReduce(loss, ReduceOperation.Mean);
        if (!float.IsFinite(loss[0]))
            throw Diverged($"epoch {epoch}: the training loss is {loss[0]}");
        return loss[0];
    }

    private void Step(int epoch, int batch)
    {
        long allocatedBefore = GC.GetAllocatedBytesForCurrentThread();
        CollectionCount collectionsBefore = CollectionCount.Now();
        long startNs = _recorder.NowNs;
        using (NewDisposeScope())
        {
            Batch data = _training.Next();
            EndSpan(SpanKind.Data, startNs);
            _stepUnderWay.MoveTo(_step, _learningRate.At(_step));
            _strategy.StepStarted(epoch, batch);
            long readyNs = _recorder.NowNs;

            Tensor loss = CrossEntropyObjective.Loss(_replica.Model.forward(data.Inputs), data.Targets);
            Synchronise();
            long forwardNs = EndSpan(SpanKind.Forward, readyNs);

            _replica.Model.Backward(loss);
            Synchronise();
            EndSpan(SpanKind.Backward, forwardNs);
            using (no_grad())
                _lossSum.add_(_loss.copy_(loss), Scalars.One);
            _recorder.Metric(MetricNames.Items, data.Items);
        }

        _strategy.BackwardDone();
        long optimizerNs = _recorder.NowNs;
        _optimizer.Step(_stepUnderWay.LearningRate);
        EndSpan(SpanKind.Optimizer, optimizerNs);
        _strategy.OptimizerStepped();
        Synchronise();
        EndSpan(SpanKind.Step, startNs);
        _recorder.Metric(MetricNames.AllocatedBytes, GC.GetAllocatedBytesForCurrentThread() - allocatedBefore);
        collectionsBefore.RecordSince(_recorder);
    }

    /// <summary>Evaluates this rank's share of the held-out data and sums over all ranks. A rank uses the batch-norm statistics that it holds.</summary>
    private EpochResult Evaluate(int epoch, double trainLoss)
    {
        long startNs = _recorder.NowNs;
        _heldOut.StartEpoch(0);
        _replica.Model.eval();
        var sums = default(EvaluationSums);
        using (no_grad())
        {
            for (int i = 0; i < _heldOut.BatchesPerEpoch; i++)
            {
                _ranks.Cancelled.ThrowIfCancellationRequested();
                using DisposeScope scope = NewDisposeScope();
                Batch batch = _heldOut.Next();
                sums += CrossEntropyObjective.Evaluate(_replica.Model.forward(batch.Inputs), batch.Targets);
            }
        }

        float[] total = [(float)sums.Loss, (float)sums.Top1, (float)sums.Top5, (float)sums.Count, _replica.HasFiniteParameters() ? 0 : 1];
        _ranks.World.AllReduce(total, ReduceOperation.Sum);
        EndSpan(SpanKind.Evaluation, startNs);
        if (!float.IsFinite(total[0]))
            throw Diverged($"epoch {epoch}: the loss on held-out data is {total[0]}");
        // An update may overflow without a loss to show it: the last one, or in a unit that no held-out sample reaches.
        if (total[4] > 0)
            throw Diverged($"epoch {epoch}: after its last step, parameters of {total[4]} of {_ranks.World.Size} ranks are not finite");
        double rate = _learningRate.At(_step - 1);
        var result = new EpochResult(epoch, trainLoss, total[0] / total[3], total[1] / total[3], total[2] / total[3], rate);
        Record(result);
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
        EndStep(); // what was recorded of the steps before a checkpoint is on disk before the checkpoint
        long startNs = _recorder.NowNs;
        _checkpoints.Series.Write(_ranks, _step, _state.Save);
        EndSpan(SpanKind.Checkpoint, startNs);
        EndStep();
        if (stops)
            throw new RunStoppedException();
    }

    private void Record(EpochResult result)
    {
        if (_ranks.Rank == 0)
        {
            _recorder.Metric(MetricNames.TrainLoss, result.TrainLoss);
            _recorder.Metric(MetricNames.HeldOutLoss, result.HeldOutLoss);
            _recorder.Metric(MetricNames.HeldOutAccuracy, result.HeldOutAccuracy);
            _recorder.Metric(MetricNames.HeldOutTop5, result.HeldOutTop5);
            _recorder.Metric(MetricNames.LearningRate, result.LearningRate);
            _recorder.Metric(MetricNames.LiveTensors, Tensor.TotalCount);
        }

        EndStep();
    }

    /// <summary>Notes a stop of the process since the last time, at the present step, and ends what belongs to the step.</summary>
    private void EndStep()
    {
        long stoppedNs = ProcessClock.StoppedNs;
        if (stoppedNs != _stoppedNs)
            _recorder.Metric(MetricNames.StoppedNs, stoppedNs - _stoppedNs);
        _stoppedNs = stoppedNs;
        _recorder.EndStep();
    }

    private static AgreedFailureException Diverged(string what) => new($"{what}: training has diverged; lower the learning rate");

    private long EndSpan(SpanKind kind, long startNs)
    {
        long nowNs = _recorder.NowNs;
        _recorder.Span(kind, startNs, nowNs - startNs);
        return nowNs;
    }

    /// <summary>A GPU runs behind the host: spans end when it has caught up.</summary>
    private void Synchronise()
    {
        if (_isAsynchronousDevice)
            cuda.synchronize(_ranks.Device);
    }

    private string HashParameters()
    {
        _replica.Parameters.ToHost();
        return FloatBytes.Sha256(_replica.Parameters.Host.Span);
    }
}
