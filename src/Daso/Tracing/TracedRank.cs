using Daso.Cluster;
using Daso.Communication;
using Daso.Models;
using Daso.Optimization;
using Daso.Recording;
using Daso.Strategies;
using TorchSharp;
using static TorchSharp.torch;

namespace Daso.Tracing;

/// <summary>
/// One rank of a traced training. The strategy is called as by the training loop and knows nothing of it: what a step does follows from the
/// schedule, which is run here beside the strategy's own.
/// </summary>
internal sealed class TracedRank : IDisposable
{
    private readonly Scenario _scenario;
    private readonly RankContext _ranks;
    private readonly Replica _replica;
    private readonly IOptimizer _optimizer;
    private readonly FlatTensor _momentum;
    private readonly IStrategy _daso;
    private readonly DasoSchedule _schedule;
    private readonly RankTrace _trace;

    internal TracedRank(Scenario scenario, RankContext ranks)
    {
        _scenario = scenario;
        _ranks = ranks;
        _trace = new RankTrace(scenario.Epochs * scenario.Batches);
        _replica = TracedModel.Create(ranks.Device);
        _optimizer = new SgdSpec(TracedModel.Momentum, TracedModel.WeightDecay).Create(_replica.Parameters, _replica.Gradients);
        _momentum = _optimizer.State.Single().Values;
        _daso = scenario.Strategy.Create(
            new StrategyContext(ranks, _replica, _optimizer, new StepTimer(NullRecorder.Instance), scenario.Epochs, scenario.Batches));
        _schedule = new DasoSchedule(
            scenario.Strategy.Schedule, ranks.Topology.RanksPerNode, scenario.Epochs, scenario.Batches);
        _replica.Model.Observer = _daso;
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
        (DasoSkips skips, int duty, int? inFlight) = (_schedule.Skips, _schedule.Duty, _schedule.InFlight);
        bool averages = _schedule.AveragesLocally;
        _daso.StepStarted(epoch, batch);
        float loss = ForwardAndBackward(((long)epoch * _scenario.Batches) + batch);
        _daso.BackwardDone();
        _optimizer.Step(TracedModel.LearningRate);
        _daso.OptimizerStepped();
        _trace.Events.Add([.. Events(_schedule.AfterStep(batch)), .. _schedule.AveragingSwitches.Select(on => on ? "local sync on" : "local sync off")]);

        ReadOnlySpan<float> parameters = _replica.Parameters.Host.Span;
        var sums = Sums.Of(parameters);
        if (!double.IsFinite(sums.Squares))
            throw new InvalidOperationException($"epoch {epoch}, batch {batch}: the parameters are not finite: the scenario diverges");
        _trace.Steps.Add(new TracedStep(epoch, batch, skips, duty, inFlight, _schedule.Duty, _schedule.InFlight, averages));
        int pending = _schedule.HasPending && _schedule.InFlight == _ranks.LocalId ? 1 : 0;
        _trace.Values.Add(new TracedValues(loss, sums, Sums.Of(_momentum.Host.Span), pending));
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
        _schedule.EpochEnded(loss);
        _trace.Epochs.Add(new TracedEpoch(
            epoch, _schedule.TestedLoss, _schedule.HasPlateaued, _schedule.Skips, _schedule.BestLoss, _schedule.BadEpochs));
    }

    /// <summary>What this rank did, in the reference's words.</summary>
    private IEnumerable<string> Events(IReadOnlyList<DasoAction> actions)
    {
        int nodes = _ranks.Topology.Nodes;
        foreach (DasoAction action in actions)
        {
            bool isMember = action.Group == _ranks.LocalId;
            switch (action.Kind)
            {
                case DasoActionKind.SendForMerge or DasoActionKind.SendForMean when isMember:
                    string wire = _scenario.Strategy.WireAt(_schedule.Skips).ToString().ToLowerInvariant();
                    yield return $"send g{action.Group} wait={action.Wait} {wire}";
                    break;
                case DasoActionKind.Merge when isMember:
                    float own = _scenario.Strategy.OwnWeight(action.Wait);
                    yield return FormattableString.Invariant($"merge g{action.Group} local*{own}+sum over {own + nodes}");
                    break;
                case DasoActionKind.Mean when isMember:
                    yield return $"mean of {nodes}";
                    break;
                case DasoActionKind.Broadcast:
                    yield return $"bcast from local {action.Group}";
                    break;
            }
        }
    }
}
