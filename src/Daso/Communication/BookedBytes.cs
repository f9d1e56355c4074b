namespace Daso.Communication;

/// <summary>
/// Bytes that a library's operation sends between nodes, which the library does not tell: what a bandwidth-optimal exchange sends, booked
/// on each node's first rank.
/// </summary>
/// <param name="rank">This rank's number in the group.</param>
/// <param name="nodeOf">The node of each rank.</param>
internal sealed class BookedBytes(int rank, int[] nodeOf)
{
    private readonly int[] _nodes = [.. nodeOf.Distinct()];

    /// <summary>A call's bytes, booked on this rank.</summary>
    internal long Of(CollectiveCall call)
    {
        int node = Array.IndexOf(_nodes, nodeOf[rank]), count = _nodes.Length;
        if (count == 1 || Array.IndexOf(nodeOf, nodeOf[rank]) != rank)
            return 0;
        // A broadcast's chain of nodes ends at the one before the root's.
        bool isLast = call.Kind == CollectiveKind.Broadcast && (node + 1) % count == Array.IndexOf(_nodes, nodeOf[call.Root]);
        return isLast ? 0 : call.LinkCost(count).BytesPerNode;
    }
}
