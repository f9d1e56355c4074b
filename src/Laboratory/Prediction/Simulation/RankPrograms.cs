using Daso.Strategies;

namespace Daso.Prediction.Simulation;

/// <summary>What the ranks do under a strategy's program, as sequences of activities.</summary>
internal sealed class RankPrograms
{
    private readonly SystemSpec _system;
    private readonly WorkloadSpec _workload;
    private readonly TrainingLength _length;
    private readonly SimulatedCluster _cluster;
    private readonly Jitter _jitter;
    private readonly OperationGroup _world;
    private readonly OperationGroup _epochs;
    private readonly OperationGroup[] _nodes;
    private readonly OperationGroup[] _globals;

    internal RankPrograms(SystemSpec system, WorkloadSpec workload, TrainingLength length, SimulatedCluster cluster, int seed)
    {
        (_system, _workload, _length, _cluster) = (system, workload, length, cluster);
        _jitter = new Jitter(system, seed);
        bool isSerial = !system.IsInProcess;
        _world = new OperationGroup(GroupShape.World(system), 0, null, isSerial);
        _epochs = new OperationGroup(GroupShape.World(system), 0, null, isSerial);
        _nodes = [.. Enumerable.Range(0, system.Nodes).Select(node => new OperationGroup(GroupShape.Node(system), node, null, isSerial))];
        _globals = [.. Enumerable.Range(0, system.RanksPerNode)
            .Select(local => new OperationGroup(GroupShape.Global(system), 0, local, isSerial))];
    }

    /// <summary>A rank's whole training.</summary>
    internal Func<int, IEnumerable<Activity>> Of(ModelledStrategy strategy)
    {
        (_, StepProgram program, CommunicationModel communication) = strategy;
        Func<int, double, bool, IEnumerable<Activity>> computing = Computing(program.Gradients, communication);
        var exchanges = new Dictionary<ProgramExchange, CollectiveTime>();
        foreach (ProgramExchange exchange in program.Steps.SelectMany(step => step.Actions).Select(action => action.Exchange).Distinct())
            exchanges.Add(exchange, communication.Time(exchange, _system));
        return rank =>
        {
            var inFlight = new Queue<(Operation Operation, ProgramExchange Exchange)>();
            return Training(rank, Step);

            IEnumerable<Activity> Step(int step, double factor)
            {
                ProgramStep now = program.StepAt(step);
                foreach (Activity activity in computing(rank, factor, now.SendsGradients))
                    yield return activity;
                foreach (ProgramAction action in now.Actions.Where(action => action.Delay <= step))
                {
                    foreach (Activity activity in Act(rank, action, exchanges[action.Exchange], inFlight))
                        yield return activity;
                }
            }
        };
    }

    /// <summary>Forward, backward with the gradients' traffic beside it, and the update: of a rank, at its speed, with traffic or without.</summary>
    private Func<int, double, bool, IEnumerable<Activity>> Computing(GradientTraffic? gradients, CommunicationModel communication)
    {
        if (gradients is QueuedGradients queue)
        {
            var thread = new HorovodThread(_system, _workload, queue, communication, _cluster, _world);
            return (rank, factor, _) => Horovod(rank, factor, thread);
        }

        if (gradients is not BucketedGradients bucketed)
            return (_, factor, _) => [Activity.Compute(_workload.ComputeNs * factor)];
        IReadOnlyList<GradientTensor> buckets = _workload.Buckets(bucketed.BucketBytes, bucketed.FirstBucketBytes);
        GroupShape group = GroupShape.Of(bucketed.Group, _system);
        CollectiveTime[] times = [.. buckets.Select(bucket =>
            CollectiveCost.AllReduce(communication.Ordinary, bucket.Elements, bucketed.Wire, group, _system))];
        Term term = bucketed.Group == ProgramGroup.Node ? Term.LocalSync : Term.Network;
        return (rank, factor, sends) => Averaged(rank, factor, Group(bucketed.Group, rank), sends ? buckets : [], times, term);
    }

    /// <summary>Steps, and after each epoch a meeting of all ranks.</summary>
    private IEnumerable<Activity> Training(int rank, Func<int, double, IEnumerable<Activity>> step)
    {
        for (int i = 0; i < _length.Steps; i++)
        {
            foreach (Activity activity in step(i, _jitter.Next(rank)))
                yield return activity;
            if ((i + 1) % _length.StepsPerEpoch != 0)
                continue;
            var time = new CollectiveTime(CollectiveCost.AgreementNs(_world.Shape, _system), 0, 0, 0);
            Operation meeting = _epochs.Join(rank, time, Term.Network);
            yield return Activity.Start(meeting);
            yield return Activity.Wait(meeting);
        }
    }

    /// <summary>A step whose gradients a group averages in buckets beside backward.</summary>
    private IEnumerable<Activity> Averaged(
        int rank, double factor, OperationGroup group, IReadOnlyList<GradientTensor> buckets, CollectiveTime[] times, Term term)
    {
        yield return Activity.Compute((_workload.OtherNs + _workload.ForwardNs) * factor);
        double backward = _workload.BackwardNs * factor;
        double done = 0;
        var pending = new Operation[group.Shape.Ranks == 1 ? 0 : buckets.Count];
        for (int i = 0; i < pending.Length; i++)
        {
            yield return Activity.Compute((buckets[i].ReadyAt - done) * backward);
            done = buckets[i].ReadyAt;
            pending[i] = group.Join(rank, times[i], term);
            yield return Activity.Start(pending[i]);
        }

        yield return Activity.Compute((1 - done) * backward);
        foreach (Operation operation in pending)
            yield return Activity.Wait(operation);
        yield return Activity.Compute(_workload.OptimizerNs * factor);
    }

    private IEnumerable<Activity> Horovod(int rank, double factor, HorovodThread thread)
    {
        yield return Activity.Compute((_workload.OtherNs + _workload.ForwardNs) * factor);
        Operation step = thread.Join(rank);
        double done = 0;
        foreach (double readyAt in thread.Moments)
        {
            yield return Activity.Compute((readyAt - done) * _workload.BackwardNs * factor);
            done = readyAt;
            yield return Activity.Signal();
        }

        yield return Activity.Compute((1 - done) * _workload.BackwardNs * factor);
        yield return Activity.Wait(step);
        yield return Activity.Compute(_workload.OptimizerNs * factor);
    }

    /// <summary>A rank's part of an action; a rank that is not on duty only receives the broadcast.</summary>
    private IEnumerable<Activity> Act(
        int rank, ProgramAction action, CollectiveTime time, Queue<(Operation Operation, ProgramExchange Exchange)> inFlight)
    {
        ProgramExchange exchange = action.Exchange;
        bool isMember = exchange.Group != ProgramGroup.Global || action.Duty == rank % _system.RanksPerNode;
        if (GroupShape.Of(exchange.Group, _system).Ranks == 1)
            yield break;
        switch (action.Kind)
        {
            case ProgramActionKind.Start when isMember:
                yield return Activity.Compute(CommunicationModel.CopyNs(exchange, _system), Term.Copy);
                Operation sent = Group(exchange.Group, rank).Join(rank, time, Term.Network, CommunicationModel.IsLazy(exchange, _system));
                inFlight.Enqueue((sent, exchange));
                yield return Activity.Start(sent);
                break;
            case ProgramActionKind.Wait when isMember:
                (Operation received, ProgramExchange of) = inFlight.Dequeue();
                yield return Activity.Wait(received);
                yield return Activity.Compute(CommunicationModel.CopyNs(of, _system), Term.Copy);
                break;
            case ProgramActionKind.NodeBroadcast when _system.RanksPerNode > 1:
                Operation broadcast = Group(ProgramGroup.Node, rank).Join(rank, BroadcastTime(exchange), Term.LocalSync);
                yield return Activity.Start(broadcast);
                yield return Activity.Wait(broadcast);
                break;
        }
    }

    private OperationGroup Group(ProgramGroup group, int rank) => group switch
    {
        ProgramGroup.Node => _nodes[rank / _system.RanksPerNode],
        ProgramGroup.Global => _globals[rank % _system.RanksPerNode],
        _ => _world,
    };

    /// <summary>On cores that all share, copying to each other rank costs as much as taking it into a sum.</summary>
    private CollectiveTime BroadcastTime(ProgramExchange exchange)
    {
        double bytes = (double)exchange.Elements * sizeof(float);
        CollectiveTime time = _system.IsInProcess ? default : CollectiveCost.NodeBroadcast(bytes, _system);
        return _system.SharedCores is null
            ? time
            : time with { ReduceNs = (_system.RanksPerNode - 1) * bytes * _system.ReduceNsPerByte };
    }
}
