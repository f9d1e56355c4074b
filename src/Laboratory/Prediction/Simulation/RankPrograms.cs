using Daso.Communication;
using Daso.Strategies;

namespace Daso.Prediction.Simulation;

/// <summary>What the ranks do under each strategy, as sequences of activities.</summary>
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
    internal Func<int, IEnumerable<Activity>> Of(StrategyModel strategy)
    {
        switch (strategy)
        {
            case DdpModel ddp:
                IReadOnlyList<GradientTensor> buckets = _workload.Buckets(ddp.BucketBytes, ddp.FirstBucketBytes);
                CollectiveTime[] times = Times(buckets, ddp.Algorithm, _world.Shape, ddp.Wire);
                return rank => Training(rank, (step, factor) => Averaged(rank, factor, _world, buckets, times, Term.Network));
            case HorovodModel horovod:
                var thread = new HorovodThread(_system, _workload, horovod, _cluster, _world);
                return rank => Training(rank, (step, factor) => Horovod(rank, factor, thread));
            case DasoModel daso:
                return Daso(daso);
            case PostLocalSgdModel local:
                return PostLocalSgd(local);
            default:
                return rank => Training(rank, (_, factor) => [Activity.Compute(_workload.ComputeNs * factor)]);
        }
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

    private Func<int, IEnumerable<Activity>> Daso(DasoModel daso)
    {
        int groups = _system.RanksPerNode;
        IReadOnlyList<DasoStep> timeline = _length.DasoSchedule is DasoSettings settings
            ? DasoTimeline.Of(settings, groups, _length.LossesOfEpochs(), _length.StepsPerEpoch)
            : DasoTimeline.Of(daso.Skips, groups, _length.Steps);
        (IReadOnlyList<GradientTensor> buckets, CollectiveTime[] times) = LocalBuckets(daso.BucketBytes, daso.LocalAlgorithm);
        DasoExchange blocking = Exchange(daso, daso.BlockingWire, daso.BlockingAlgorithm);
        DasoExchange cycling = Exchange(daso, daso.CyclingWire, daso.CyclingAlgorithm);
        return rank =>
        {
            OperationGroup node = _nodes[rank / groups];
            var inFlight = new Queue<(Operation Operation, DasoExchange Exchange)>();
            return Training(rank, Step);

            IEnumerable<Activity> Step(int step, double factor)
            {
                DasoStep now = timeline[step];
                foreach (Activity activity in Averaged(rank, factor, node, now.AveragesLocally ? buckets : [], times, Term.LocalSync))
                    yield return activity;
                foreach (DasoAction action in now.Actions)
                {
                    foreach (Activity activity in Act(rank, action, node, now.IsCycling ? cycling : blocking, inFlight))
                        yield return activity;
                }
            }
        };
    }

    /// <summary>A rank's part of an action; a rank that is not on duty only receives the broadcast.</summary>
    private IEnumerable<Activity> Act(
        int rank,
        DasoAction action,
        OperationGroup node,
        DasoExchange exchange,
        Queue<(Operation Operation, DasoExchange Exchange)> inFlight)
    {
        int local = rank % _system.RanksPerNode;
        switch (action.Kind)
        {
            case DasoActionKind.SendForMean or DasoActionKind.SendForMerge when action.Group == local && _system.Nodes > 1:
                yield return Activity.Compute(exchange.CopyNs, Term.Copy);
                Operation sent = _globals[local].Join(rank, exchange.Time, Term.Network, exchange.IsLazy);
                inFlight.Enqueue((sent, exchange));
                yield return Activity.Start(sent);
                break;
            case DasoActionKind.Mean or DasoActionKind.Merge when action.Group == local && _system.Nodes > 1:
                (Operation received, DasoExchange of) = inFlight.Dequeue();
                yield return Activity.Wait(received);
                yield return Activity.Compute(of.CopyNs, Term.Copy);
                break;
            case DasoActionKind.Broadcast when _system is { Nodes: > 1, RanksPerNode: > 1 }:
                Operation broadcast = node.Join(rank, BroadcastTime(), Term.LocalSync);
                yield return Activity.Start(broadcast);
                yield return Activity.Wait(broadcast);
                break;
        }
    }

    private Func<int, IEnumerable<Activity>> PostLocalSgd(PostLocalSgdModel model)
    {
        (IReadOnlyList<GradientTensor> buckets, CollectiveTime[] times) = LocalBuckets(model.BucketBytes, model.LocalAlgorithm);
        double bytes = model.Wire.BytesFor(_workload.Elements);
        CollectiveTime average = CollectiveCost.AllReduce(model.Algorithm, _workload.Elements, model.Wire, _world.Shape, _system);
        double copyNs = CopyNs(model, bytes);
        return rank => Training(rank, Step(rank));

        Func<int, double, IEnumerable<Activity>> Step(int rank) => (step, factor) =>
        {
            IEnumerable<Activity> local = Averaged(rank, factor, _nodes[rank / _system.RanksPerNode], buckets, times, Term.LocalSync);
            return (step + 1) % model.Period == 0 && _system.Ranks > 1 ? local.Concat(Average(rank)) : local;
        };

        IEnumerable<Activity> Average(int rank)
        {
            yield return Activity.Compute(copyNs, Term.Copy);
            Operation operation = _world.Join(rank, average, Term.Network);
            yield return Activity.Start(operation);
            yield return Activity.Wait(operation);
            yield return Activity.Compute(copyNs, Term.Copy);
        }
    }

    private (IReadOnlyList<GradientTensor> Buckets, CollectiveTime[] Times) LocalBuckets(long bucketBytes, CollectiveAlgorithm algorithm)
    {
        IReadOnlyList<GradientTensor> buckets = _workload.Buckets(bucketBytes, Math.Min(1 << 20, bucketBytes));
        return (buckets, Times(buckets, algorithm, GroupShape.Node(_system), WireFormat.Float32));
    }

    private CollectiveTime[] Times(
        IReadOnlyList<GradientTensor> buckets, CollectiveAlgorithm algorithm, GroupShape group, WireFormat wire) =>
        [.. buckets.Select(bucket =>
            CollectiveCost.AllReduce(algorithm, bucket.Elements, wire, group, _system))];

    private DasoExchange Exchange(DasoModel daso, WireFormat wire, CollectiveAlgorithm algorithm)
    {
        double bytes = wire.BytesFor(_workload.Elements);
        return new DasoExchange(
            CollectiveCost.AllReduce(algorithm, _workload.Elements, wire, GroupShape.Global(_system), _system),
            CopyNs(daso, bytes),
            daso.UsesMpi && !_system.HasMpiProgress);
    }

    /// <summary>Packing float32 and staging what is sent, once before an exchange and once after it.</summary>
    private double CopyNs(StrategyModel strategy, double bytes) =>
        (_system.CopyBytesPerSecond is double rate ? 1e9 * _workload.Elements * sizeof(float) / rate : 0)
        + (strategy.UsesMpi && _system.StagingBytesPerSecond is double staging ? 1e9 * bytes / staging : 0);

    /// <summary>On cores that all share, copying to each other rank costs as much as taking it into a sum.</summary>
    private CollectiveTime BroadcastTime()
    {
        double bytes = (double)_workload.Elements * sizeof(float);
        CollectiveTime time = _system.IsInProcess ? default : CollectiveCost.NodeBroadcast(bytes, _system);
        return _system.SharedCores is null
            ? time
            : time with { ReduceNs = (_system.RanksPerNode - 1) * bytes * _system.ReduceNsPerByte };
    }

    private sealed record DasoExchange(CollectiveTime Time, double CopyNs, bool IsLazy);
}
