using Daso.Strategies;

namespace Daso.Prediction.Simulation;

/// <summary>
/// The background threads of Horovod's ranks, which act as one: they agree on what is complete everywhere, once a cycle, and send it in
/// messages one after the other.
/// </summary>
internal sealed class HorovodThread
{
    private readonly WorkloadSpec _workload;
    private readonly QueuedGradients _model;
    private readonly SimulatedCluster _cluster;
    private readonly OperationGroup _world;
    private readonly OperationGroup _steps;
    private readonly CollectiveTime _agreement;
    private readonly Func<long, CollectiveTime> _messageTime;
    private readonly int[] _gradientsAtMoment;
    private readonly int[] _ranksAtMoment;
    private readonly int[] _momentOfRank;
    private Operation? _step;
    private int _moments;
    private int _sent;
    private bool _isAwake;
    private double _lookedNs = double.NegativeInfinity;

    internal HorovodThread(
        SystemSpec system,
        WorkloadSpec workload,
        QueuedGradients model,
        CommunicationModel communication,
        SimulatedCluster cluster,
        OperationGroup world)
    {
        (_workload, _model, _cluster, _world) = (workload, model, cluster, world);
        _steps = new OperationGroup(world.Shape, 0, null, isSerial: true);
        _agreement = new CollectiveTime(CollectiveCost.AgreementNs(world.Shape, system), 0, 0, 0);
        double copyNsPerByte = communication.CopiesFusionBuffer && system.CopyBytesPerSecond is double rate ? 2e9 / rate : 0;
        _messageTime = elements =>
        {
            CollectiveTime time = CollectiveCost.AllReduce(communication.Queued, elements, model.Wire, world.Shape, system);
            return time with { IntraNs = time.IntraNs + (model.Wire.BytesFor(elements) * copyNsPerByte) };
        };
        Moments = [.. workload.Gradients.Select(gradient => gradient.ReadyAt).Distinct()];
        _gradientsAtMoment = [.. Moments.Select(moment => workload.Gradients.Count(gradient => gradient.ReadyAt <= moment))];
        _ranksAtMoment = new int[Moments.Count];
        _momentOfRank = new int[system.Ranks];
        cluster.Signalled = MomentReached;
    }

    /// <summary>Shares of backward at which gradients become complete, without repetitions.</summary>
    internal IReadOnlyList<double> Moments { get; }

    /// <summary>What a rank waits for at the end of its backward.</summary>
    internal Operation Join(int rank) => _step = _steps.Join(rank, default, Term.Network);

    private void MomentReached(int rank)
    {
        int moment = _momentOfRank[rank]++;
        if (++_ranksAtMoment[moment] < _momentOfRank.Length)
            return;
        _moments = moment + 1;
        if (_moments == Moments.Count)
            _step!.ReadyNs = _cluster.NowNs;
        if (_isAwake)
            return;
        _isAwake = true;
        LookAgain();
    }

    private void LookAgain() => _cluster.At(Math.Max(_cluster.NowNs, _lookedNs + _model.CycleNs), Look);

    private void Look()
    {
        _lookedNs = _cluster.NowNs;
        int agreed = _gradientsAtMoment[_moments - 1];
        var messages = new Queue<CollectiveTime>([
            _agreement,
            .. HorovodQueue.Messages(_workload.Gradients, _sent, agreed, _model).Select(_messageTime)]);
        _sent = agreed;
        SendNext(messages);
    }

    private void SendNext(Queue<CollectiveTime> messages)
    {
        if (messages.TryDequeue(out CollectiveTime time))
            _cluster.Execute(new Operation(_world, time, Term.Network) { Done = () => SendNext(messages) });
        else if (_sent < _workload.Gradients.Count)
            LookAgain();
        else
            EndStep();
    }

    private void EndStep()
    {
        Operation step = _step!;
        (_step, _moments, _sent, _isAwake) = (null, 0, 0, false);
        Array.Clear(_ranksAtMoment);
        Array.Clear(_momentOfRank);
        _cluster.Complete(step);
    }
}
