using Daso.Communication;

namespace Daso.Prediction;

/// <summary>
/// A step's time with overlap in closed form, for ranks that have a processor of their own. Steps are alike, jitter is small against a
/// step, and operations of one strategy do not meet on the links; the event simulation needs none of this.
/// </summary>
public static class StepFormula
{
    /// <summary>Predicts a step.</summary>
    /// <exception cref="UserErrorException">A value of the system or the workload is out of its range.</exception>
    public static PredictedStep Predict(SystemSpec system, WorkloadSpec workload, StrategyModel strategy)
    {
        system.Validate();
        workload.Validate();
        StepTerms expected = Terms(system, workload, strategy, Straggler.Expected);
        StepTerms low = Terms(system with { DuplexFactor = 1 }, workload, strategy, _ => 0);
        StepTerms high = Terms(system, workload, strategy, Straggler.Bound);
        return new PredictedStep(strategy.Name, expected, low.TotalNs, high.TotalNs);
    }

    private static StepTerms Terms(SystemSpec system, WorkloadSpec workload, StrategyModel strategy, Func<int, double> slowest) =>
        strategy switch
        {
            DdpModel ddp => Ddp(system, workload, ddp, slowest),
            HorovodModel horovod => Horovod(system, workload, horovod, slowest),
            DasoModel { IsBlocking: true } daso => DasoBlocking(system, workload, daso, slowest),
            DasoModel daso => DasoCycling(system, workload, daso, slowest),
            PostLocalSgdModel local => PostLocalSgd(system, workload, local, slowest),
            _ => new StepTerms(workload.ComputeNs, 0, 0, 0, workload.ComputeNs * system.JitterPerRank * slowest(system.Ranks)),
        };

    /// <summary>
    /// Buckets k ready at r_k, one after the other: e_k = max(r_k, e_(k−1)) + t(s_k); T = max(t_f + t_b, e_K) + t_o (rule of Li et al.,
    /// VLDB 2020). The slowest of all ranks is waited for in every step.
    /// </summary>
    private static StepTerms Ddp(SystemSpec system, WorkloadSpec workload, DdpModel ddp, Func<int, double> slowest)
    {
        double exposed = ExposedNs(
            system, workload, workload.Buckets(ddp.BucketBytes, ddp.FirstBucketBytes), ddp.Wire, ddp.Algorithm, GroupShape.World(system));
        return new StepTerms(workload.ComputeNs, 0, exposed, 0, BarrierNs(system, workload, system.Ranks, slowest));
    }

    /// <summary>As DDP, but a message leaves at the next tick of the cycle, after an agreement, copied to a buffer and back.</summary>
    private static StepTerms Horovod(SystemSpec system, WorkloadSpec workload, HorovodModel horovod, Func<int, double> slowest)
    {
        GroupShape world = GroupShape.World(system);
        double copyNsPerByte = horovod.CopiesBuffers && system.CopyBytesPerSecond is double rate ? 2e9 / rate : 0;
        double copied = 0;
        double end = HorovodQueue.DrainNs(
            workload,
            horovod,
            CollectiveCost.AgreementNs(world, system) + system.OverheadNs,
            elements =>
            {
                double copy = horovod.Wire.BytesFor(elements) * copyNsPerByte;
                copied += copy;
                return copy + system.OverheadNs
                    + CollectiveCost.AllReduce(horovod.Algorithm, elements, horovod.Wire, world, system).TotalNs;
            });
        double exposed = Math.Max(0, end - workload.ForwardNs - workload.BackwardNs);
        double exposedCopy = Math.Min(exposed, copied);
        return new StepTerms(
            workload.ComputeNs, 0, exposed - exposedCopy, exposedCopy, BarrierNs(system, workload, system.Ranks, slowest));
    }

    /// <summary>t_f + max(t_b, t_local) + t_o + pack + all-reduce between nodes + unpack + broadcast in the node, in every step.</summary>
    private static StepTerms DasoBlocking(SystemSpec system, WorkloadSpec workload, DasoModel daso, Func<int, double> slowest)
    {
        double local = LocalExposedNs(system, workload, daso.BucketBytes, daso.LocalAlgorithm);
        double wireBytes = daso.BlockingWire.BytesFor(workload.Elements);
        double network = CollectiveCost.AllReduce(
            daso.BlockingAlgorithm, workload.Elements, daso.BlockingWire, GroupShape.Global(system), system).TotalNs;
        return new StepTerms(
            workload.ComputeNs,
            local + BroadcastNs(system, workload),
            system.Nodes > 1 ? network + system.OverheadNs : 0,
            system.Nodes > 1 ? PackingNs(system, workload) + StagingNs(system, daso, wireBytes) : 0,
            BarrierNs(system, workload, system.Ranks, slowest));
    }

    /// <summary>
    /// [B·(t_f + max(t_b, t_local) + t_o) + pack + unpack + broadcast + max(0, all-reduce − W·t_step)]/B. The node's ranks wait for each
    /// other in every step; the nodes do once in B, for what differs after B steps (σ·√B), and W steps hide it as they hide the exchange.
    /// Ranks that are always slower hold up all. Where W = B it is an upper bound: the copies and the broadcast then hide a part as well.
    /// </summary>
    private static StepTerms DasoCycling(SystemSpec system, WorkloadSpec workload, DasoModel daso, Func<int, double> slowest)
    {
        int period = daso.Skips.Global;
        double local = LocalExposedNs(system, workload, daso.BucketBytes, daso.LocalAlgorithm);
        double steady = workload.ComputeNs
            * ((system.JitterPerStep * slowest(system.RanksPerNode)) + (system.JitterPerRank * slowest(system.Ranks)));
        if (system.Nodes == 1)
            return new StepTerms(workload.ComputeNs, local, 0, 0, steady);

        double wireBytes = daso.CyclingWire.BytesFor(workload.Elements);
        double exchange = CollectiveCost.AllReduce(
            daso.CyclingAlgorithm, workload.Elements, daso.CyclingWire, GroupShape.Global(system), system).TotalNs + system.OverheadNs;
        double hiding = daso.UsesMpi && !system.HasMpiProgress ? 0 : daso.Skips.Wait * (workload.ComputeNs + local + steady);
        double drift = workload.ComputeNs * system.JitterPerStep * Math.Sqrt(period) * slowest(system.Nodes);
        double network = Math.Max(0, exchange - hiding);
        double waiting = Math.Max(0, exchange + drift - hiding) - network;
        return new StepTerms(
            workload.ComputeNs,
            local + (BroadcastNs(system, workload) / period),
            network / period,
            (PackingNs(system, workload) + StagingNs(system, daso, wireBytes)) / period,
            steady + (waiting / period));
    }

    /// <summary>DASO with nothing hidden and all ranks in the exchange (rule of Lin et al., ICLR 2020).</summary>
    private static StepTerms PostLocalSgd(SystemSpec system, WorkloadSpec workload, PostLocalSgdModel model, Func<int, double> slowest)
    {
        if (system.Ranks == 1)
            return new StepTerms(workload.ComputeNs, 0, 0, 0, 0);
        double wireBytes = model.Wire.BytesFor(workload.Elements);
        double network = CollectiveCost.AllReduce(
            model.Algorithm, workload.Elements, model.Wire, GroupShape.World(system), system).TotalNs + system.OverheadNs;
        double steady = workload.ComputeNs
            * ((system.JitterPerStep * slowest(system.RanksPerNode)) + (system.JitterPerRank * slowest(system.Ranks)));
        double drift = workload.ComputeNs * system.JitterPerStep * Math.Sqrt(model.Period) * slowest(system.Nodes);
        return new StepTerms(
            workload.ComputeNs,
            LocalExposedNs(system, workload, model.BucketBytes, model.LocalAlgorithm),
            network / model.Period,
            (PackingNs(system, workload) + StagingNs(system, model, wireBytes)) / model.Period,
            steady + (drift / model.Period));
    }

    private static double LocalExposedNs(SystemSpec system, WorkloadSpec workload, long bucketBytes, CollectiveAlgorithm algorithm) =>
        ExposedNs(
            system,
            workload,
            workload.Buckets(bucketBytes, Math.Min(1 << 20, bucketBytes)),
            WireFormat.Float32,
            algorithm,
            GroupShape.Node(system));

    /// <summary>What of the buckets' all-reduces goes on after backward.</summary>
    private static double ExposedNs(
        SystemSpec system,
        WorkloadSpec workload,
        IReadOnlyList<GradientTensor> buckets,
        WireFormat wire,
        CollectiveAlgorithm algorithm,
        GroupShape group)
    {
        if (group.Ranks == 1)
            return 0;
        double end = 0;
        foreach (GradientTensor bucket in buckets)
        {
            double ready = workload.ForwardNs + (bucket.ReadyAt * workload.BackwardNs);
            end = Math.Max(ready, end)
                + CollectiveCost.AllReduce(algorithm, bucket.Elements, wire, group, system).TotalNs + system.OverheadNs;
        }

        return Math.Max(0, end - workload.ForwardNs - workload.BackwardNs);
    }

    private static double BarrierNs(SystemSpec system, WorkloadSpec workload, int ranks, Func<int, double> slowest) =>
        workload.ComputeNs * double.Hypot(system.JitterPerStep, system.JitterPerRank) * slowest(ranks);

    private static double BroadcastNs(SystemSpec system, WorkloadSpec workload) => system.Nodes == 1 || system.RanksPerNode == 1
        ? 0
        : CollectiveCost.NodeBroadcast((double)workload.Elements * sizeof(float), system).TotalNs + system.OverheadNs;

    private static double PackingNs(SystemSpec system, WorkloadSpec workload) =>
        system.CopyBytesPerSecond is double rate ? 2e9 * workload.Elements * sizeof(float) / rate : 0;

    private static double StagingNs(SystemSpec system, StrategyModel strategy, double bytes) =>
        strategy.UsesMpi && system.StagingBytesPerSecond is double rate ? 2e9 * bytes / rate : 0;
}
