using Daso.Communication;
using Daso.Models;
using Daso.Optimization;
using Daso.Recording;

namespace Daso.Strategies;

/// <summary>
/// One rank's side of DASO: averages gradients inside the node while backward runs, and after the optimizer's step does what the
/// schedule says. Models and schedules are in agreement on all ranks; so is the group on duty.
/// </summary>
internal sealed class DasoStrategy : IStrategy
{
    private readonly DasoSpec _spec;
    private readonly StrategyContext _context;
    private readonly DasoSchedule _schedule;
    private readonly NodeGradients _nodeGradients;
    private readonly ParameterSynchronisation[] _global;
    private readonly NodeBroadcast _node;
    private readonly RangeReduction? _batchNorm;
    private readonly BufferBroadcast? _buffers;
    private int _batch;
    private bool _buffersAreDue;

    internal DasoStrategy(DasoSpec spec, StrategyContext context)
    {
        _spec = spec;
        _context = context;
        _schedule = new DasoSchedule(
            spec.Schedule, context.Ranks.Topology.RanksPerNode, context.Epochs, context.StepsPerEpoch);
        _nodeGradients = new NodeGradients(context, spec.BucketBytes);
        FlatTensor parameters = context.Replica.Parameters;
        FlatRange slice = spec.ShardedDuty
            ? NodeBroadcast.Slice(parameters.Length, context.Ranks.LocalId, context.Ranks.Topology.RanksPerNode)
            : new FlatRange(0, parameters.Length);
        IReadOnlyList<(string Name, FlatTensor Values)> state =
            spec.MomentumAtMerge == MomentumAtMerge.Average ? context.Optimizer.State : [];
        _global =
        [
            new ParameterSynchronisation(
                spec, context, parameters, "parameter", slice, PayloadFormat.Blocking(spec), PayloadFormat.Cycling(spec)),
            .. state.Select(one => new ParameterSynchronisation(
                spec, context, one.Values, $"{one.Name} of parameter", slice, PayloadFormat.Exact, PayloadFormat.Exact)),
        ];
        _node = new NodeBroadcast(
            context.Ranks.Node, context.Timer, [parameters, .. state.Select(one => one.Values)], spec.ShardedDuty);
        _batchNorm = spec.SynchroniseBatchNorm ? new RangeReduction(context.Replica.Statistics, context.Ranks.World) : null;
        _buffers = spec.BroadcastsBuffers ? new BufferBroadcast(context.Replica, context.Ranks.Node, context.Timer) : null;
    }

    public IReadOnlyList<(string Name, FlatTensor Values)> State => [.. _global.SelectMany(one => one.State)];

    private bool IsCycling => _schedule.Skips.Global != 0;

    /// <summary>
    /// As in PyTorch's DistributedDataParallel, a forward begins with a broadcast of buffers if the training step before it averaged
    /// gradients; an evaluation has already done it for the step that follows.
    /// </summary>
    public void StepStarted(int epoch, int batch)
    {
        _batch = batch;
        CheckSent();
        BroadcastBuffers();
        _buffersAreDue = _schedule.AveragesLocally;
    }

    public void EvaluationStarting()
    {
        CheckSent();
        BroadcastBuffers();
    }

    public void PartReady(int part)
    {
        if (_schedule.AveragesLocally)
            _nodeGradients.PartReady(part);
    }

    public void BackwardDone()
    {
        if (_schedule.AveragesLocally)
            _nodeGradients.Finish();
    }

    public void OptimizerStepped()
    {
        IReadOnlyList<DasoAction> actions = _schedule.AfterStep(_batch);
        for (int i = 0; i < actions.Count; i++)
            Do(actions[i]);

        if (_batch == _context.StepsPerEpoch - 1)
            AverageBatchNorm();
    }

    public void EpochEnded(double loss) => _schedule.EpochEnded(loss);

    public void Save(BinaryWriter writer)
    {
        _schedule.Save(writer);
        writer.Write(_buffersAreDue);
        foreach (ParameterSynchronisation one in _global)
            one.Save(writer);
    }

    public void Load(BinaryReader reader)
    {
        _schedule.Load(reader);
        _buffersAreDue = reader.ReadBoolean();
        foreach (ParameterSynchronisation one in _global)
            one.Load(reader);
    }

    public void Dispose()
    {
        foreach (ParameterSynchronisation one in _global)
            one.Dispose();
    }

    private void CheckSent()
    {
        foreach (ParameterSynchronisation one in _global)
            one.CheckSent();
    }

    private void BroadcastBuffers()
    {
        if (_buffersAreDue)
            _buffers?.Run();
        _buffersAreDue = false;
    }

    private void Do(DasoAction action)
    {
        switch (action.Kind)
        {
            case DasoActionKind.Broadcast:
                _node.Share(action.Group);
                break;
            case DasoActionKind.Agree:
                foreach (ParameterSynchronisation one in _global)
                    one.SetMaster();
                break;
            default:
                if (_spec.ShardedDuty || action.Group == _context.Ranks.LocalId)
                    Exchange(action);
                if (_spec.MomentumAtMerge == MomentumAtMerge.Reset && action.Kind == DasoActionKind.Merge)
                    ResetOptimizer();
                break;
        }
    }

    /// <summary>Does the part of a rank that is on duty.</summary>
    private void Exchange(DasoAction action)
    {
        foreach (ParameterSynchronisation one in _global)
        {
            switch (action.Kind)
            {
                case DasoActionKind.SendForMerge:
                    one.SendForMerge(IsCycling);
                    break;
                case DasoActionKind.SendForMean:
                    one.SendForMean(IsCycling);
                    break;
                case DasoActionKind.Merge:
                    one.Merge(action.Wait);
                    break;
                case DasoActionKind.Mean:
                    one.TakeMean();
                    break;
            }
        }
    }

    private void ResetOptimizer()
    {
        IOptimizer optimizer = _context.Optimizer;
        for (int i = 0; i < optimizer.State.Count; i++)
            optimizer.State[i].Values.Tensor.zero_();
        optimizer.Steps = 0;
    }

    /// <summary>
    /// With an epoch's last batch, before the evaluation that alone uses the statistics. They are linear in the batches' own, so that
    /// this comes to the same as averaging in every batch.
    /// </summary>
    private void AverageBatchNorm()
    {
        if (_batchNorm is null)
            return;
        StepTimer timer = _context.Timer;
        SpanMark start = timer.Mark();
        long bytes = _batchNorm.Run(ReduceOperation.Mean);
        timer.End(SpanKind.GlobalWait, start, bytes, _batchNorm.LastOperation);
    }
}
