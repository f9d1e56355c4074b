using Daso.Strategies;

namespace Daso.Prediction;

/// <summary>
/// A step's time with overlap in closed form, for ranks that have a processor of their own. Steps are alike, jitter is small against a
/// step, and operations of one strategy do not meet on the links; the event simulation needs none of this.
/// </summary>
internal static class StepFormula
{
    /// <summary>Predicts a step.</summary>
    /// <exception cref="UserErrorException">A value of the system or the workload is out of its range.</exception>
    public static PredictedStep Predict(SystemSpec system, WorkloadSpec workload, ModelledStrategy strategy)
    {
        system.Validate();
        workload.Validate();
        StepTerms expected = Terms(system, workload, strategy, Straggler.Expected);
        StepTerms low = Terms(system with { DuplexFactor = 1 }, workload, strategy, _ => 0);
        StepTerms high = Terms(system, workload, strategy, Straggler.Bound);
        return new PredictedStep(strategy.Name, expected, low.TotalNs, high.TotalNs);
    }

    /// <summary>
    /// t_f + max(t_b, gradients) + t_o, and of each exchange its copies, its broadcast and max(0, exchange − W·t_step), over the steps of
    /// a period. Where all ranks meet in every step the slowest of all is waited for. Elsewhere a node's ranks wait for each other in
    /// every step; the nodes do once in B steps, for what differs after them (σ·√B), and W steps hide it as they hide the exchange. Ranks
    /// that are always slower hold up all. Where W = B it is an upper bound: the copies and the broadcast then hide a part as well.
    /// </summary>
    private static StepTerms Terms(SystemSpec system, WorkloadSpec workload, ModelledStrategy strategy, Func<int, double> slowest)
    {
        (_, StepProgram program, CommunicationModel communication) = strategy;
        double period = program.Steps.Count;
        double sending = program.Steps.Count(step => step.SendsGradients) / period;
        (double gradients, double gradientCopies) = ExposedGradientsNs(system, workload, strategy);
        bool isInNode = program.Gradients is BucketedGradients { Group: ProgramGroup.Node };
        double local = isInNode ? gradients * sending : 0;
        double network = isInNode ? 0 : gradients * sending;
        double copies = gradientCopies * sending;
        double steady = workload.ComputeNs * ((isInNode ? system.JitterPerStep * slowest(system.RanksPerNode) : 0)
            + (system.JitterPerRank * slowest(system.Ranks)));
        double hidingStep = workload.ComputeNs + local + steady;
        double drift = workload.ComputeNs * system.JitterPerStep * Math.Sqrt(program.StepsPerExchange) * slowest(system.Nodes);
        double waiting = 0;
        foreach (ProgramAction action in program.Steps.SelectMany(step => step.Actions))
        {
            ProgramExchange exchange = action.Exchange;
            if (GroupShape.Of(exchange.Group, system).Ranks == 1)
                continue;
            if (action.Kind == ProgramActionKind.NodeBroadcast)
            {
                local += BroadcastNs(exchange, system) / period;
            }
            else if (action.Kind == ProgramActionKind.Wait)
            {
                double exchangeNs = communication.Time(exchange, system).TotalNs + system.OverheadNs;
                double hidden = CommunicationModel.IsLazy(exchange, system) ? 0 : action.Delay * hidingStep;
                double exposed = Math.Max(0, exchangeNs - hidden);
                network += exposed / period;
                waiting += (Math.Max(0, exchangeNs + drift - hidden) - exposed) / period;
                copies += 2 * CommunicationModel.CopyNs(exchange, system) / period;
            }
        }

        double straggler = MeetsInEveryStep(program)
            ? workload.ComputeNs * double.Hypot(system.JitterPerStep, system.JitterPerRank) * slowest(system.Ranks)
            : steady + waiting;
        return new StepTerms(workload.ComputeNs, local, network, copies, straggler);
    }

    private static bool MeetsInEveryStep(StepProgram program)
    {
        bool sendsToAll = program.Gradients is QueuedGradients or BucketedGradients { Group: ProgramGroup.World };
        return program.Steps.All(step => (sendsToAll && step.SendsGradients) || step.Actions.Any(action => action is
        {
            Kind: ProgramActionKind.Wait,
            Delay: 0,
            Exchange.Group: not ProgramGroup.Node,
        }));
    }

    /// <summary>What of the gradients' traffic, and of copies for it, goes on after backward.</summary>
    private static (double TrafficNs, double CopyNs) ExposedGradientsNs(
        SystemSpec system, WorkloadSpec workload, ModelledStrategy strategy) => strategy.Program.Gradients switch
        {
            BucketedGradients buckets => (ExposedNs(system, workload, buckets, strategy.Communication.Ordinary), 0),
            QueuedGradients queue => ExposedNs(system, workload, queue, strategy.Communication),
            _ => (0, 0),
        };

    /// <summary>Buckets k ready at r_k, one after the other: e_k = max(r_k, e_(k−1)) + t(s_k) (rule of Li et al., VLDB 2020).</summary>
    private static double ExposedNs(SystemSpec system, WorkloadSpec workload, BucketedGradients gradients, CollectiveAlgorithm algorithm)
    {
        GroupShape group = GroupShape.Of(gradients.Group, system);
        if (group.Ranks == 1)
            return 0;
        double end = 0;
        foreach (GradientTensor bucket in workload.Buckets(gradients.BucketBytes, gradients.FirstBucketBytes))
        {
            double ready = workload.ForwardNs + (bucket.ReadyAt * workload.BackwardNs);
            end = Math.Max(ready, end)
                + CollectiveCost.AllReduce(algorithm, bucket.Elements, gradients.Wire, group, system).TotalNs + system.OverheadNs;
        }

        return Math.Max(0, end - workload.ForwardNs - workload.BackwardNs);
    }

    /// <summary>As buckets, but a message leaves at the next tick of the cycle, after an agreement, copied to a buffer and back.</summary>
    private static (double TrafficNs, double CopyNs) ExposedNs(
        SystemSpec system, WorkloadSpec workload, QueuedGradients queue, CommunicationModel communication)
    {
        GroupShape world = GroupShape.World(system);
        double copyNsPerByte = communication.CopiesFusionBuffer && system.CopyBytesPerSecond is double rate ? 2e9 / rate : 0;
        double copied = 0;
        double end = HorovodQueue.DrainNs(
            workload,
            queue,
            CollectiveCost.AgreementNs(world, system) + system.OverheadNs,
            elements =>
            {
                double copy = queue.Wire.BytesFor(elements) * copyNsPerByte;
                copied += copy;
                return copy + system.OverheadNs
                    + CollectiveCost.AllReduce(communication.Queued, elements, queue.Wire, world, system).TotalNs;
            });
        double exposed = Math.Max(0, end - workload.ForwardNs - workload.BackwardNs);
        double exposedCopy = Math.Min(exposed, copied);
        return (exposed - exposedCopy, exposedCopy);
    }

    private static double BroadcastNs(ProgramExchange exchange, SystemSpec system) => system.RanksPerNode == 1
        ? 0
        : CollectiveCost.NodeBroadcast((double)exchange.Elements * sizeof(float), system).TotalNs + system.OverheadNs;
}
