using Daso.Communication;

namespace Daso.Prediction;

/// <summary>
/// What a collective costs. Words: n bytes on each of p = N·g ranks; α latency, B bandwidth, γ reduction a byte; c cards a node. Where
/// the members of a group are all ranks of their nodes, its traffic between nodes uses all cards; where it has one rank of each node, one.
/// An all-reduce sends and receives at once, so that a card gives it B times the duplex factor; a broadcast does not.
/// </summary>
internal static class CollectiveCost
{
    // What a node sends at most in this project's exchange of small buffers under MPI (docs/communication.md).
    private const double LargestInRounds = 64 * 1024;

    /// <summary>An all-reduce.</summary>
    /// <param name="algorithm">How.</param>
    /// <param name="bytes">n, as sent.</param>
    /// <param name="group">Who.</param>
    /// <param name="system">On what.</param>
    public static CollectiveTime AllReduce(CollectiveAlgorithm algorithm, double bytes, GroupShape group, SystemSpec system)
    {
        if (group.Ranks == 1)
            return default;
        return algorithm switch
        {
            CollectiveAlgorithm.Ring => Ring(bytes, group, system),
            CollectiveAlgorithm.Rabenseifner => Rabenseifner(bytes, group, system),
            CollectiveAlgorithm.RecursiveDoubling => RecursiveDoubling(bytes, group, system),
            CollectiveAlgorithm.DoubleTree => DoubleTree(bytes, group, system),
            CollectiveAlgorithm.Hierarchical => Hierarchical(bytes, group, system),
            CollectiveAlgorithm.Bound => Bound(bytes, group, system),
            CollectiveAlgorithm.Homes => Homes(bytes, group, system),
            _ => throw new ArgumentOutOfRangeException(nameof(algorithm), algorithm, null),
        };
    }

    /// <summary>An all-reduce of float32 numbers that travel in a wire format.</summary>
    /// <remarks>
    /// This project's own all-reduces calculate in float32 whatever travels, so that 16 bits save transfer only
    /// (<c>Communication.Reduction</c>).
    /// </remarks>
    public static CollectiveTime AllReduce(
        CollectiveAlgorithm algorithm, long elements, WireFormat wire, GroupShape group, SystemSpec system)
    {
        double bytes = wire.BytesFor(elements);
        CollectiveTime time = AllReduce(algorithm, bytes, group, system);
        return IsOwn(algorithm) && elements > 0 ? time with { ReduceNs = time.ReduceNs * elements * sizeof(float) / bytes } : time;
    }

    /// <summary>
    /// An all-gather of n bytes from each of p ranks: by a ring (p − 1)·α + (p − 1)·n/B, the second half of a ring's all-reduce of p·n
    /// bytes, whatever the algorithm of all-reduces. Between this project's nodes (N − 1)/N·p·n over each link: N − 1 rounds on the
    /// emulated link, one hop under MPI; what each rank copies costs as much as adding it.
    /// </summary>
    /// <param name="algorithm">That of all-reduces.</param>
    /// <param name="bytes">n, of each rank.</param>
    /// <param name="group">Who.</param>
    /// <param name="system">On what.</param>
    public static CollectiveTime AllGather(CollectiveAlgorithm algorithm, double bytes, GroupShape group, SystemSpec system)
    {
        bool isOwn = IsOwn(algorithm);
        CollectiveTime reduction = AllReduce(isOwn ? algorithm : CollectiveAlgorithm.Ring, bytes * group.Ranks, group, system);
        return new CollectiveTime(
            isOwn ? OwnRounds(algorithm, group) * system.InterNode.LatencyNs : reduction.LatencyNs / 2,
            reduction.IntraNs / 2,
            reduction.InterNs / 2,
            isOwn ? reduction.ReduceNs : 0);
    }

    /// <summary>
    /// Each of p ranks gives n/p bytes to each: pairwise, (p − 1)·α + n/B in p − 1 rounds (comments of MPICH's alltoall source). A node's g
    /// ranks send g·(p − g)/p·n to others. With this project's messages all rounds are under way at once: one α.
    /// </summary>
    /// <param name="algorithm">That of all-reduces.</param>
    /// <param name="bytes">n, of each rank.</param>
    /// <param name="group">Who.</param>
    /// <param name="system">On what.</param>
    public static CollectiveTime AllToAll(CollectiveAlgorithm algorithm, double bytes, GroupShape group, SystemSpec system)
    {
        (int p, int g) = (group.Ranks, group.RanksPerNode);
        if (p == 1)
            return default;
        double latency = IsOwn(algorithm)
            ? Link(group, system).LatencyNs
            : ((g - 1) * system.IntraNode.LatencyNs) + ((p - g) * system.InterNode.LatencyNs);
        double intra = algorithm == CollectiveAlgorithm.Bound ? 0 : system.IntraNode.TransferNs(bytes * (g - 1) / p);
        return new CollectiveTime(latency, intra, group.Nodes == 1 ? 0 : InterNs(bytes * g * (p - g) / p, group, system), 0);
    }

    /// <summary>Messages to peers, all at once: α, and n/B of the n bytes that a node gives to others; those inside nodes are not counted.</summary>
    /// <param name="nodeBytes">n.</param>
    /// <param name="group">Who.</param>
    /// <param name="system">On what.</param>
    public static CollectiveTime Messages(double nodeBytes, GroupShape group, SystemSpec system) => group.Nodes == 1
        ? new CollectiveTime(system.IntraNode.LatencyNs, 0, 0, 0)
        : new CollectiveTime(system.InterNode.LatencyNs, 0, InterNs(nodeBytes, group, system), 0);

    /// <summary>
    /// A broadcast inside a node, pipelined: ⌈log₂ g⌉·α + n/B (the structure of the reference implementation, whose node broadcast costs
    /// the bytes once).
    /// </summary>
    public static CollectiveTime NodeBroadcast(double bytes, SystemSpec system) => system.RanksPerNode == 1
        ? default
        : new CollectiveTime(
            CeilingLog2(system.RanksPerNode) * system.IntraNode.LatencyNs, system.IntraNode.TransferNs(bytes), 0, 0);

    /// <summary>Agreement on a few bytes, up and down a tree of all ranks: 2·⌈log₂ g⌉·α in the node, 2·⌈log₂ N⌉·α between nodes.</summary>
    public static double AgreementNs(GroupShape group, SystemSpec system) =>
        2 * ((CeilingLog2(group.RanksPerNode) * system.IntraNode.LatencyNs) + (CeilingLog2(group.Nodes) * system.InterNode.LatencyNs));

    /// <summary>
    /// Ring: 2·(p − 1)·α + 2·(p − 1)/p·n/B + (p − 1)/p·n·γ. The bandwidth term is that of the nccl-tests documentation (PERFORMANCE.md).
    /// Of the 2·(p − 1) hops 2·(N − 1) cross nodes (NCCL's tuning source counts them so); a ring over all cards is as fast as the slower
    /// of the links in the node and between nodes.
    /// </summary>
    private static CollectiveTime Ring(double bytes, GroupShape group, SystemSpec system)
    {
        int p = group.Ranks;
        double sent = 2 * bytes * (p - 1) / p;
        int interHops = group.Nodes > 1 ? 2 * (group.Nodes - 1) : 0;
        double latency = (((2 * (p - 1)) - interHops) * system.IntraNode.LatencyNs) + (interHops * system.InterNode.LatencyNs);
        double inter = group.Nodes > 1 ? InterNs(sent, group, system) : 0;
        double intra = group.RanksPerNode > 1 ? system.IntraNode.TransferNs(sent) : 0;
        return new CollectiveTime(latency, Math.Max(0, intra - inter), inter, sent / 2 * system.ReduceNsPerByte);
    }

    /// <summary>
    /// Recursive halving, then doubling (Rabenseifner): 2·log₂ p·α + 2·(p − 1)/p·n/B + (p − 1)/p·n·γ; where p is no power of two, two
    /// more messages, 2·n/B and n·γ (comments of MPICH's allreduce source). Partners are near first, so that with g ranks a node in a
    /// row 2·(g − 1)/g·n stays in the node and each rank sends 2·(N − 1)/N·n/g to others.
    /// </summary>
    private static CollectiveTime Rabenseifner(double bytes, GroupShape group, SystemSpec system)
    {
        int p = group.Ranks;
        double intraBytes = 2 * bytes * (group.RanksPerNode - 1) / group.RanksPerNode;
        double interBytes = 2 * bytes * (group.Nodes - 1) / group.Nodes;
        double latency = 2 * ((FloorLog2(p) - FloorLog2(group.Nodes)) * system.IntraNode.LatencyNs
            + (FloorLog2(group.Nodes) * system.InterNode.LatencyNs));
        double reduced = bytes * (p - 1) / p;
        if (!int.IsPow2(p))
        {
            latency += 2 * Link(group, system).LatencyNs;
            interBytes += group.Nodes > 1 ? 2 * bytes : 0;
            intraBytes += group.Nodes > 1 ? 0 : 2 * bytes;
            reduced += bytes;
        }

        return new CollectiveTime(
            latency, system.IntraNode.TransferNs(intraBytes), InterNs(interBytes, group, system), reduced * system.ReduceNsPerByte);
    }

    /// <summary>
    /// Recursive doubling: log₂ p·(α + n/B + n·γ); where p is no power of two, two more messages of n (comments of MPICH's allreduce
    /// source, which takes it for short buffers and for user-defined operations of any size). With g ranks a node in a row log₂ N rounds
    /// cross nodes, in which each rank sends n.
    /// </summary>
    private static CollectiveTime RecursiveDoubling(double bytes, GroupShape group, SystemSpec system)
    {
        int interRounds = FloorLog2(group.Nodes);
        int intraRounds = FloorLog2(group.Ranks) - interRounds;
        double reductions = interRounds + intraRounds;
        if (!int.IsPow2(group.Ranks))
        {
            reductions++;
            interRounds += group.Nodes > 1 ? 2 : 0;
            intraRounds += group.Nodes > 1 ? 0 : 2;
        }

        return new CollectiveTime(
            (interRounds * system.InterNode.LatencyNs) + (intraRounds * system.IntraNode.LatencyNs),
            intraRounds * system.IntraNode.TransferNs(bytes),
            interRounds * InterNs(bytes * group.RanksPerNode, group, system),
            reductions * bytes * system.ReduceNsPerByte);
    }

    /// <summary>
    /// NCCL's pipelined double tree: 2·((g − 1)·α_node + log₂ N·α_net) + n/(B_bus/2), B_bus the slower of the links (NCCL's tuning
    /// source, 2.8).
    /// </summary>
    private static CollectiveTime DoubleTree(double bytes, GroupShape group, SystemSpec system)
    {
        double latency = 2 * (((group.RanksPerNode - 1) * system.IntraNode.LatencyNs)
            + (CeilingLog2(group.Nodes) * system.InterNode.LatencyNs));
        double inter = group.Nodes > 1 ? InterNs(2 * bytes, group, system) : 0;
        double intra = group.RanksPerNode > 1 ? system.IntraNode.TransferNs(2 * bytes) : 0;
        return new CollectiveTime(latency, Math.Max(0, intra - inter), inter, bytes * system.ReduceNsPerByte);
    }

    /// <summary>
    /// Hierarchical, as Horovod's: ring reduce-scatter in the node, ring all-reduce of each rank's n/g between nodes over all cards at
    /// once, ring all-gather in the node: 2·(g − 1)/g·n/B_node + 2·(N − 1)/N·n/(c·B_net), with 2·(g − 1)·α_node + 2·(N − 1)·α_net.
    /// </summary>
    private static CollectiveTime Hierarchical(double bytes, GroupShape group, SystemSpec system)
    {
        int g = group.RanksPerNode;
        double intraBytes = 2 * bytes * (g - 1) / g;
        double interBytes = 2 * bytes * (group.Nodes - 1) / group.Nodes;
        return new CollectiveTime(
            (2 * (g - 1) * system.IntraNode.LatencyNs) + (2 * (group.Nodes - 1) * system.InterNode.LatencyNs),
            system.IntraNode.TransferNs(intraBytes),
            InterNs(interBytes, group, system),
            ((intraBytes / 2) + (interBytes / 2 / g)) * system.ReduceNsPerByte);
    }

    /// <summary>
    /// The bound that this project's emulated link charges (<c>CollectiveCall.LinkCost</c>): each node sends 2·(N − 1)/N·n, in
    /// 2·⌈log₂ N⌉ rounds. All members' bytes are added up by one thread: p·n·γ.
    /// </summary>
    private static CollectiveTime Bound(double bytes, GroupShape group, SystemSpec system) => group.Nodes == 1
        ? new CollectiveTime(0, 0, 0, group.Ranks * bytes * system.ReduceNsPerByte)
        : new CollectiveTime(
            2 * CeilingLog2(group.Nodes) * system.InterNode.LatencyNs,
            0,
            InterNs(2 * bytes * (group.Nodes - 1) / group.Nodes, group, system),
            group.Ranks * bytes * system.ReduceNsPerByte);

    /// <summary>
    /// Pieces with a home among the nodes each (docs/communication.md): sums go there and results come back in two hops, 2·(N − 1)/N·n
    /// over each link; small buffers take ⌈log₂ N⌉ rounds where those are more. Inside a node memory is shared: 2·(g − 1)/g·n/B. All
    /// members' bytes are added up: p·n·γ.
    /// </summary>
    private static CollectiveTime Homes(double bytes, GroupShape group, SystemSpec system)
    {
        int nodes = group.Nodes;
        int hops = nodes == 1 ? 0 : (nodes - 1) * bytes <= LargestInRounds ? Math.Max(2, CeilingLog2(nodes)) : 2;
        double latency = (hops * system.InterNode.LatencyNs) + (group.RanksPerNode > 1 ? 2 * system.IntraNode.LatencyNs : 0);
        double inter = nodes == 1 ? 0 : InterNs(2 * bytes * (nodes - 1) / nodes, group, system);
        double intra = system.IntraNode.TransferNs(2 * bytes * (group.RanksPerNode - 1) / group.RanksPerNode);
        return new CollectiveTime(latency, Math.Max(0, intra - inter), inter, group.Ranks * bytes * system.ReduceNsPerByte);
    }

    private static bool IsOwn(CollectiveAlgorithm algorithm) => algorithm is CollectiveAlgorithm.Bound or CollectiveAlgorithm.Homes;

    private static int OwnRounds(CollectiveAlgorithm algorithm, GroupShape group) =>
        algorithm == CollectiveAlgorithm.Homes ? Math.Min(1, group.Nodes - 1) : group.Nodes - 1;

    /// <summary>Time of bytes that a node sends, over the cards that the group can use.</summary>
    private static double InterNs(double bytesOfNode, GroupShape group, SystemSpec system) =>
        system.InterNode.TransferNs(bytesOfNode) / (system.DuplexFactor * CardsOf(group, system));

    private static int CardsOf(GroupShape group, SystemSpec system) => Math.Min(group.RanksPerNode, system.CardsPerNode);

    private static LinkModel Link(GroupShape group, SystemSpec system) => group.Nodes > 1 ? system.InterNode : system.IntraNode;

    private static int FloorLog2(int value) => int.Log2(value);

    private static int CeilingLog2(int value) => value <= 1 ? 0 : int.Log2(value - 1) + 1;
}
