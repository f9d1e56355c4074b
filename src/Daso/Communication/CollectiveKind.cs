namespace Daso.Communication;

/// <summary>The collectives of <see cref="ICommunicator"/>.</summary>
internal enum CollectiveKind
{
    AllReduce,
    Broadcast,
    AllGather,
    Barrier,
}

/// <summary>What every rank of a group must agree on when it starts an operation.</summary>
/// <param name="Kind">The collective.</param>
/// <param name="Elements">Elements of the result on each rank.</param>
/// <param name="Operation">Of an all-reduce.</param>
/// <param name="Wire">Of an all-reduce.</param>
/// <param name="Root">Of a broadcast.</param>
internal readonly record struct CollectiveCall(CollectiveKind Kind, int Elements, ReduceOperation Operation, WireFormat Wire, int Root)
{
    /// <summary>
    /// What the call costs on the links between <paramref name="nodes"/> nodes. All-reduce: the bound 2·(K − 1)/K·n that a bandwidth-
    /// optimal exchange of node sums reaches, in 2·⌈log₂ K⌉ rounds (Rabenseifner). Broadcast: a pipelined chain of nodes. All-gather: a
    /// ring. Barrier: a dissemination of ⌈log₂ K⌉ rounds.
    /// </summary>
    /// <param name="nodes">K, at least 2.</param>
    /// <returns>Bytes that each node sends (a broadcast's last node sends none) and the rounds whose latency adds up.</returns>
    internal (long BytesPerNode, int Rounds) LinkCost(int nodes)
    {
        int logarithm = int.Log2(nodes - 1) + 1;
        long bytes = (long)Elements * Wire.BytesPerElement();
        return Kind switch
        {
            CollectiveKind.AllReduce => (2 * (nodes - 1) * bytes / nodes, 2 * logarithm),
            CollectiveKind.Broadcast => (bytes, nodes - 1),
            CollectiveKind.AllGather => ((nodes - 1) * bytes / nodes, nodes - 1),
            _ => (0, logarithm),
        };
    }

    /// <summary>A number below 2¹⁵, the same on all ranks, that keeps the messages of different calls apart.</summary>
    internal int Tag
    {
        get
        {
            long mixed = (((((long)Elements * 4) + (int)Kind) * 4) + (int)Operation) * 3;
            return (int)((((mixed + (int)Wire) * 31) + Root) % 32749);
        }
    }

    /// <inheritdoc />
    public override string ToString() => Kind switch
    {
        CollectiveKind.AllReduce => $"all-reduce ({Operation}, {Wire}) of {Elements} elements",
        CollectiveKind.Broadcast => $"broadcast of {Elements} elements from rank {Root}",
        CollectiveKind.AllGather => $"all-gather of {Elements} elements",
        _ => "barrier",
    };
}
