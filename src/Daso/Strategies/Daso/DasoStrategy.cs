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
    private readonly Synchronised[] _synchronised;
    private readonly RangeReduction? _batchNorm;
    private readonly BufferBroadcast? _buffers;
    private readonly MeasuredWait? _measured;
    private int _batch;
    private long _sends;
    private long _receives;
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
        _synchronised =
        [
            Of(parameters, "parameter", PayloadFormat.Blocking(spec), PayloadFormat.Cycling(spec), period: 1),
            .. state.Select((one, i) => Of(
                one.Values,
                $"{one.Name} of parameter",
                PayloadFormat.Exact,
                PayloadFormat.Exact,
                i == 0 ? spec.MomentumPeriod : spec.SquarePeriod)),
        ];
        _batchNorm = spec.SynchroniseBatchNorm ? new RangeReduction(context.Replica.Statistics, context.Ranks.World) : null;
        _buffers = spec.BroadcastsBuffers ? new BufferBroadcast(context.Replica, context.Ranks.Node, context.Timer) : null;
        _measured = spec.Schedule.Auto == DasoAuto.None ? null : new MeasuredWait(context);

        Synchronised Of(FlatTensor tensor, string what, PayloadFormat blocking, PayloadFormat cycling, int period) => new(
            new ParameterSynchronisation(spec, context, tensor, what, slice, blocking, cycling),
            new NodeBroadcast(context.Ranks.Node, context.Timer, [tensor], spec.ShardedDuty),
            period);
    }

    public IReadOnlyList<(string Name, FlatTensor Values)> State => [.. _synchronised.SelectMany(one => one.Global.State)];

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
        TakeMeasuredWait();
        IReadOnlyList<DasoAction> actions = _schedule.AfterStep(_batch);
        bool hasMerged = false;
        for (int i = 0; i < actions.Count; i++)
        {
            Do(actions[i]);
            hasMerged |= actions[i].Kind == DasoActionKind.Merge;
        }

        if (hasMerged)
            _measured?.Agree();
        if (_batch == _context.StepsPerEpoch - 1)
            AverageBatchNorm();
    }

    public void EpochEnded(double loss) => _schedule.EpochEnded(loss, _measured?.Wait);

    public void Save(BinaryWriter writer)
    {
        _schedule.Save(writer);
        writer.Write(_buffersAreDue);
        if (_synchronised.Length > 1)
        {
            writer.Write(_sends);
            writer.Write(_receives);
        }

        foreach (Synchronised one in _synchronised)
            one.Global.Save(writer);
        _measured?.Save(writer);
    }

    public void Load(BinaryReader reader)
    {
        _schedule.Load(reader);
        _buffersAreDue = reader.ReadBoolean();
        if (_synchronised.Length > 1)
        {
            _sends = reader.ReadInt64();
            _receives = reader.ReadInt64();
        }

        foreach (Synchronised one in _synchronised)
            one.Global.Load(reader);
        _measured?.Load(reader);
    }

    public void Dispose()
    {
        foreach (Synchronised one in _synchronised)
            one.Global.Dispose();
    }

    private void TakeMeasuredWait()
    {
        if (_measured is null)
            return;
        _measured.StepEnded(Array.TrueForAll(_synchronised, one => one.Global.IsDone));
        if (!_schedule.SendsAfter(_batch))
            return;
        _measured.Take();
        if (_measured.Wait is int wait)
            _schedule.SetWait(wait);
    }

    private void CheckSent()
    {
        foreach (Synchronised one in _synchronised)
            one.Global.CheckSent();
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
                foreach (Synchronised one in _synchronised)
                {
                    if (one.IsPartOf(_receives - 1))
                        one.Node.Share(action.Group);
                }

                break;
            case DasoActionKind.Agree:
                foreach (Synchronised one in _synchronised)
                    one.Global.SetMaster();
                break;
            default:
                // Sums and means are taken in the order in which they were sent; ranks that are not on duty count with the others.
                long number = action.Kind is DasoActionKind.SendForMerge or DasoActionKind.SendForMean ? _sends++ : _receives++;
                if (_spec.ShardedDuty || action.Group == _context.Ranks.LocalId)
                    Exchange(action, number);
                if (_spec.MomentumAtMerge == MomentumAtMerge.Reset && action.Kind == DasoActionKind.Merge)
                    ResetOptimizer();
                break;
        }
    }

    /// <summary>Does the part of a rank that is on duty.</summary>
    private void Exchange(DasoAction action, long number)
    {
        long waitedNs = 0;
        foreach (Synchronised one in _synchronised)
        {
            if (!one.IsPartOf(number))
                continue;
            switch (action.Kind)
            {
                case DasoActionKind.SendForMerge:
                    one.Global.SendForMerge(IsCycling);
                    break;
                case DasoActionKind.SendForMean:
                    one.Global.SendForMean(IsCycling);
                    break;
                case DasoActionKind.Merge:
                    one.Global.Merge(action.Wait);
                    waitedNs += one.Global.WaitedNs;
                    break;
                case DasoActionKind.Mean:
                    one.Global.TakeMean();
                    break;
            }
        }

        if (action.Kind == DasoActionKind.SendForMerge)
            _measured?.Sent();
        else if (action.Kind == DasoActionKind.Merge)
            _measured?.Merged(waitedNs);
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

    /// <summary>A tensor that synchronisations bring into agreement: the parameters, or a buffer of the optimizer.</summary>
    /// <param name="Global">Between the nodes.</param>
    /// <param name="Node">Inside the node.</param>
    /// <param name="Period">Synchronisations from one that it is part of to the next.</param>
    private sealed record Synchronised(ParameterSynchronisation Global, NodeBroadcast Node, int Period)
    {
        internal bool IsPartOf(long synchronisation) => synchronisation % Period == 0;
    }
}
