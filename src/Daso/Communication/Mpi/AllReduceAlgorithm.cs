namespace Daso.Communication.Mpi;

/// <summary>Who carries an all-reduce out.</summary>
internal enum AllReduceAlgorithm
{
    /// <summary>Our own (<see cref="HierarchicalCollective"/>), which adds as the in-process group does.</summary>
    Hierarchical,

    /// <summary>The library wherever it can (float32); it may add in another order.</summary>
    Library,
}

/// <summary>Chooses between our all-reduce and the library's.</summary>
internal static class AllReduceChoice
{
    /// <summary>Whether the library carries a call out.</summary>
    /// <param name="wanted">What the user asked for.</param>
    /// <param name="call">The operation; the library knows no rounding to 16 bits.</param>
    internal static bool IsLibrarys(AllReduceAlgorithm wanted, CollectiveCall call) => wanted == AllReduceAlgorithm.Library
        && call is { Kind: CollectiveKind.AllReduce, Type: ElementType.Float32, IsExact: true, Elements: > 0 };

    /// <summary>The rule in words, for a run's manifest.</summary>
    internal static string Describe(AllReduceAlgorithm wanted) => wanted == AllReduceAlgorithm.Library
        ? "all-reduce in float32 by the library"
        : "all-reduce in two levels, our own";
}
