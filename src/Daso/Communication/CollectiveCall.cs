namespace Daso.Communication;

/// <summary>The operations of <see cref="ICommunicator"/>.</summary>
internal enum CollectiveKind
{
    AllReduce,
    ReduceScatter,
    AllGather,
    Broadcast,
    Barrier,

    /// <summary>A message of one rank to another.</summary>
    Transfer,
}

/// <summary>What the ranks that take part in an operation must agree on.</summary>
/// <param name="Kind">The operation.</param>
/// <param name="Type">What its elements are.</param>
/// <param name="Elements">Elements of the range.</param>
internal readonly record struct CollectiveCall(CollectiveKind Kind, ElementType Type, int Elements)
{
    private readonly WireFormat? _wire;

    /// <summary>How float32 travels.</summary>
    internal WireFormat Wire
    {
        get => _wire ?? WireFormat.Float32;
        init => _wire = value;
    }

    /// <summary>Of a reduction.</summary>
    internal ReduceOperation Operation { get; init; }

    /// <summary>Of a broadcast: whose values. Of a transfer: who sends.</summary>
    internal int Root { get; init; }

    /// <summary>Of a transfer: who receives.</summary>
    internal int Target { get; init; }

    /// <summary>Of a transfer: the user's.</summary>
    internal int UserTag { get; init; }

    /// <summary>Of an all-reduce: the <see cref="AllReduceWay"/> that was asked for; null: the group's choice.</summary>
    internal string? Way { get; init; }

    /// <summary>Of a reduce-scatter and an all-gather.</summary>
    internal Partition? Parts { get; init; }

    /// <summary>Whether values are reduced.</summary>
    internal bool IsReduction => Kind is CollectiveKind.AllReduce or CollectiveKind.ReduceScatter;

    /// <summary>Whether elements travel as they are in memory.</summary>
    internal bool IsExact => Type != ElementType.Float32 || Wire == WireFormat.Float32;

    /// <summary>An all-reduce of float32.</summary>
    internal static CollectiveCall AllReduce(int elements, ReduceOperation operation, WireFormat wire) =>
        new(CollectiveKind.AllReduce, ElementType.Float32, elements) { Operation = operation, Wire = wire };

    /// <summary>Bytes of some of the elements on the wire.</summary>
    internal long WireBytes(long elements) => Type == ElementType.Float32 ? Wire.BytesFor(elements) : elements * Type.Bytes();

    /// <summary>
    /// What the call costs on the links between <paramref name="nodes"/> nodes. All-reduce: the bound 2·(K − 1)/K·n that a bandwidth-
    /// optimal exchange of node sums reaches, in 2·⌈log₂ K⌉ rounds (Rabenseifner); a reduce-scatter is its first half. Broadcast: a pipelined
    /// chain of nodes. All-gather: a ring. Parts count as if equal. Barrier: a dissemination of ⌈log₂ K⌉ rounds. Transfer: one message.
    /// </summary>
    /// <param name="nodes">K, at least 2.</param>
    /// <returns>Bytes that each node sends (a broadcast's last node sends none) and the rounds whose latency adds up.</returns>
    internal (long BytesPerNode, int Rounds) LinkCost(int nodes)
    {
        int logarithm = int.Log2(nodes - 1) + 1;
        long bytes = WireBytes(Elements);
        return Kind switch
        {
            CollectiveKind.AllReduce => (2 * (nodes - 1) * bytes / nodes, 2 * logarithm),
            CollectiveKind.ReduceScatter => ((nodes - 1) * bytes / nodes, logarithm),
            CollectiveKind.Broadcast => (bytes, nodes - 1),
            CollectiveKind.AllGather => ((nodes - 1) * bytes / nodes, nodes - 1),
            CollectiveKind.Transfer => (bytes, 1),
            _ => (0, logarithm),
        };
    }

    /// <inheritdoc />
    public override string ToString()
    {
        string elements = Type == ElementType.Float32 ? $"{Elements} elements" : $"{Elements} elements ({Type})";
        return Kind switch
        {
            CollectiveKind.AllReduce => $"all-reduce ({Operation}, {Wire}) of {elements}",
            CollectiveKind.ReduceScatter => $"reduce-scatter ({Operation}, {Wire}) of {elements}",
            CollectiveKind.Broadcast => $"broadcast of {elements} from rank {Root}",
            CollectiveKind.AllGather => $"all-gather of {elements}",
            CollectiveKind.Transfer => $"message ({Wire}) of {elements} from rank {Root} to rank {Target} with tag {UserTag}",
            _ => "barrier",
        };
    }
}
