using Daso.Cluster;
using Daso.Communication;
using Daso.Models;
using Daso.Optimization;
using Daso.Recording;
using Daso.Strategies;
using TorchSharp;
using static TorchSharp.torch;

namespace Daso.Tracing;

/// <summary>One rank of a traced training: the strategy is called as by the training loop, and watched.</summary>
internal sealed class TracedRank : IDisposable
{
    private readonly Scenario _scenario;
    private readonly RankContext _ranks;
    private readonly Replica _replica;
    private readonly IOptimizer _optimizer;
    private readonly FlatTensor _momentum;
    private readonly DasoStrategy _daso;
    private readonly RankTrace _trace;
    private readonly Queue<int> _waits = new();
    private List<string> _events = [];

    internal TracedRank(Scenario scenario, RankContext ranks)
    {
        _scenario = scenario;
        _ranks = ranks;
        _trace = new RankTrace(scenario.Epochs * scenario.Batches);
        _replica = TracedModel.Create(ranks.Device);
        _optimizer = new SgdSpec(TracedModel.Momentum, TracedModel.WeightDecay).Create(_replica);
        _momentum = _optimizer.State.Single().Values;
        _daso = (DasoStrategy)scenario.Strategy.Create(
            new StrategyContext(ranks, _replica, _optimizer, new StepTimer(NullRecorder.Instance), scenario.Epochs, scenario.Batches));
        _daso.ActionDone = Note;
        _replica.Model.Observer = new PartsReady(_daso);
    }

    /// <summary>Trains all epochs.</summary>
    /// <exception cref="InvalidOperationException">Training has diverged.</exception>
    internal RankTrace Train()
    {
        for (int epoch = 0; epoch < _scenario.Epochs; epoch++)
        {
            double sum = 0;
            for (int batch = 0; batch < _scenario.Batches; batch++)
            {
                _ranks.Cancelled.ThrowIfCancellationRequested();
                sum += Step(epoch, batch);
            }

            float[] loss = [(float)(sum / _scenario.Batches)];
            _ranks.World.AllReduce(loss, ReduceOperation.Mean);
            EndEpoch(epoch, _scenario.Losses?[epoch] ?? loss[0]);
        }

        return _trace;
    }

    public void Dispose()
    {
        _daso.Dispose();
        _optimizer.Dispose();
        _replica.Dispose();
    }

    private float Step(int epoch, int batch)
    {
        DasoSchedule schedule = _daso.Schedule;
        (DasoSkips skips, int duty, int? inFlight) = (schedule.Skips, schedule.Duty, schedule.InFlight);
        bool averages = schedule.AveragesLocally;
        _events = [];
        _daso.StepStarted(epoch, batch);
        float loss = ForwardAndBackward(((long)epoch * _scenario.Batches) + batch);
        _daso.BackwardDone();
        _optimizer.Step(TracedModel.LearningRate);
        _daso.OptimizerStepped();

        ReadOnlySpan<float> parameters = _replica.Parameters.Host.Span;
        var sums = Sums.Of(parameters);
        if (!double.IsFinite(sums.Squares))
            throw new InvalidOperationException($"epoch {epoch}, batch {batch}: the parameters are not finite: the scenario diverges");
        _trace.Steps.Add(new TracedStep(epoch, batch, skips, duty, inFlight, schedule.Duty, schedule.InFlight, averages));
        _trace.Events.Add(_events);
        _trace.Values.Add(new TracedValues(loss, sums, Sums.Of(_momentum.Host.Span), _waits.Count));
        if (_scenario.KeepsVectorOf(batch))
            _trace.Vectors.Add(new TracedVector(epoch, batch, parameters.ToArray()));
        return loss;
    }

    private float ForwardAndBackward(long step)
    {
        using DisposeScope scope = NewDisposeScope();
        float[] inputs = TraceInputs.Inputs(_ranks.Rank, step);
        float[] targets = TraceInputs.TargetsOf(inputs, _ranks.Rank);
        Tensor output = _replica.Model.forward(tensor(inputs, [TraceInputs.Rows, TraceInputs.Columns]));
        Tensor loss = nn.functional.mse_loss(output, tensor(targets, [TraceInputs.Rows, TraceInputs.Targets]));
        _replica.Model.Backward(loss);
        return loss.item<float>();
    }

    private void EndEpoch(int epoch, double loss)
    {
        _daso.EpochEnded(loss);
        DasoSchedule schedule = _daso.Schedule;
        _trace.Epochs.Add(new TracedEpoch(
            epoch, schedule.TestedLoss, schedule.HasPlateaued, schedule.Skips, schedule.BestLoss, schedule.BadEpochs));
    }

    /// <summary>Notes what this rank did, in the reference's words.</summary>
    private void Note(DasoAction action)
    {
        bool isMember = action.Group == _ranks.LocalId;
        switch (action.Kind)
        {
            case DasoActionKind.SendForMerge when isMember:
                _waits.Enqueue(action.Wait);
                NoteSend(action);
                break;
            case DasoActionKind.SendForMean when isMember:
                NoteSend(action);
                break;
            case DasoActionKind.Merge when isMember:
                int wait = _waits.Dequeue();
                int own = wait == 0 ? 1 : 2 * wait;
                _events.Add($"merge g{action.Group} local*{own}+sum over {own + _ranks.Topology.Nodes}");
                break;
            case DasoActionKind.Mean when isMember:
                _events.Add($"mean of {_ranks.Topology.Nodes}");
                break;
            case DasoActionKind.Broadcast:
                _events.Add($"bcast from local {action.Group}");
                break;
            case DasoActionKind.LocalAveragingOn:
                _events.Add("local sync on");
                break;
            case DasoActionKind.LocalAveragingOff:
                _events.Add("local sync off");
                break;
        }
    }

    private void NoteSend(DasoAction action) =>
        _events.Add($"send g{action.Group} wait={action.Wait} {_daso.Wire.ToString().ToLowerInvariant()}");

    /// <summary>Passes the model's notice on to the strategy.</summary>
    private sealed class PartsReady(IStrategy strategy) : IBackwardObserver
    {
        public void PartReady(int part) => strategy.GradientsReady(part);
    }
}
