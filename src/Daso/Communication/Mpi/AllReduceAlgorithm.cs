namespace Daso.Communication.Mpi;

/// <summary>How an all-reduce is carried out.</summary>
internal enum AllReduceAlgorithm
{
    /// <summary>By size and topology, see <see cref="AllReduceChoice"/>.</summary>
    Auto,

    /// <summary>Always our own (<see cref="HierarchicalCollective"/>).</summary>
    Hierarchical,

    /// <summary>The library's own wherever it can (float32); it may add in another order.</summary>
    Library,
}

/// <summary>Chooses between our all-reduce and the library's.</summary>
internal static class AllReduceChoice
{
    /// <summary>
    /// Ours on one or two nodes, where its chain reaches the link's bound and sums have the bits of the in-process group. On K nodes the
    /// chain is filled after 2·(K − 2) more pieces: with fewer pieces than that the library's, whose rounds grow with log K, is taken.
    /// </summary>
    /// <param name="wanted">What the user asked for.</param>
    /// <param name="call">The operation.</param>
    /// <param name="nodes">K.</param>
    /// <returns>Whether the library's own.</returns>
    internal static bool IsLibrarys(AllReduceAlgorithm wanted, CollectiveCall call, int nodes)
    {
        // The library knows no rounding to 16 bits.
        if (call is not { Kind: CollectiveKind.AllReduce, Type: ElementType.Float32, IsExact: true, Elements: > 0 })
            return false;
        return wanted switch
        {
            AllReduceAlgorithm.Hierarchical => false,
            AllReduceAlgorithm.Library => true,
            _ => new PiecePlan(call, call.Elements).Pieces < 2 * (nodes - 2),
        };
    }

    /// <summary>The rule in words, for a run's manifest.</summary>
    internal static string Describe(AllReduceAlgorithm wanted) => wanted switch
    {
        AllReduceAlgorithm.Hierarchical => "all-reduce in two levels, our own",
        AllReduceAlgorithm.Library => "all-reduce in float32 by the library",
        _ => "all-reduce in two levels, our own; in float32 with fewer pieces than twice the nodes beyond two by the library",
    };
}
