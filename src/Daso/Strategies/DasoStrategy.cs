using Daso.Communication;
using Daso.Models;
using Daso.Recording;

namespace Daso.Strategies;

/// <summary>
/// One rank's side of DASO: averages gradients inside the node while backward runs, and after the optimizer's step does what the
/// schedule says. Models and schedules are in agreement on all ranks; so is the group on duty.
/// </summary>
internal sealed class DasoStrategy : IStrategy
{
    private readonly StrategyContext _context;
    private readonly WireFormat _blockingWire;
    private readonly DasoSchedule _schedule;
    private readonly GradientAverager _localAverager;
    private readonly ParameterSynchronisation _global;
    private int _batch;

    internal DasoStrategy(DasoSpec spec, StrategyContext context)
    {
        _context = context;
        _blockingWire = spec.BlockingWire;
        _schedule = new DasoSchedule(
            spec.Schedule, context.Ranks.Topology.RanksPerNode, context.Epochs, context.StepsPerEpoch);
        _localAverager = new GradientAverager(context.Replica, context.Ranks.Node, spec.BucketBytes, Math.Min(1 << 20, spec.BucketBytes));
        _global = new ParameterSynchronisation(
            context.Replica,
            context.Ranks.Global,
            context.Recorder,
            spec.ChunkElements,
            keepsMaster: spec.Schedule.Variant == DasoVariant.Paper && spec.BlockingWire != WireFormat.Float32);
    }

    /// <summary>The schedule, to be looked at.</summary>
    internal DasoSchedule Schedule => _schedule;

    /// <summary>How parameters travel in this epoch: in 16 bits only where every batch synchronises.</summary>
    internal WireFormat Wire => _schedule.Skips.Global == 0 ? _blockingWire : WireFormat.Float32;

    /// <summary>Told of every action once it is done, also where this rank is no member of its group; null: nobody.</summary>
    internal Action<DasoAction>? ActionDone { get; set; }

    public void StepStarted(int epoch, int batch) => _batch = batch;

    public void GradientsReady(int part)
    {
        if (_schedule.AveragesLocally)
            _localAverager.PartReady(part);
    }

    public void BackwardDone()
    {
        if (!_schedule.AveragesLocally)
            return;
        long startNs = _context.Recorder.NowNs;
        _localAverager.Finish();
        _context.Recorder.Span(SpanKind.LocalSync, startNs, _context.Recorder.NowNs - startNs);
    }

    public void OptimizerStepped()
    {
        IReadOnlyList<DasoAction> actions = _schedule.AfterStep(_batch);
        for (int i = 0; i < actions.Count; i++)
        {
            Do(actions[i]);
            ActionDone?.Invoke(actions[i]);
        }
    }

    public void EpochEnded(double loss) => _schedule.EpochEnded(loss);

    public void Save(BinaryWriter writer)
    {
        _schedule.Save(writer);
        _global.Save(writer);
    }

    public void Load(BinaryReader reader)
    {
        _schedule.Load(reader);
        _global.Load(reader);
    }

    public void Dispose() => _global.Dispose();

    private void Do(DasoAction action)
    {
        bool isMember = action.Group == _context.Ranks.LocalId;
        switch (action.Kind)
        {
            case DasoActionKind.SendForMerge when isMember:
                _global.SendForMerge(Wire, action.Wait);
                break;
            case DasoActionKind.SendForMean when isMember:
                _global.SendForMean(Wire);
                break;
            case DasoActionKind.Merge when isMember:
                _global.Merge();
                break;
            case DasoActionKind.Mean when isMember:
                _global.TakeMean();
                break;
            case DasoActionKind.Broadcast:
                Broadcast(action.Group);
                break;
            case DasoActionKind.Agree:
                _global.SetMaster();
                break;
        }
    }

    /// <summary>Sends the parameters of one local rank to the others of its node.</summary>
    private void Broadcast(int root)
    {
        ICommunicator node = _context.Ranks.Node;
        if (node.Size == 1)
            return;
        IRecorder recorder = _context.Recorder;
        FlatTensor parameters = _context.Replica.Parameters;
        long startNs = recorder.NowNs;
        if (node.Rank == root)
            parameters.ToHost(0, parameters.Length);
        node.Broadcast(parameters.Host, root);
        if (node.Rank != root)
            parameters.FromHost(0, parameters.Length);
        recorder.Span(SpanKind.LocalSync, startNs, recorder.NowNs - startNs);
    }
}
