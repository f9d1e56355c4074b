namespace Daso.Baselines;

/// <summary>Who averages with whom in decentralised training; in each step a rank is in one group. Names of Decent-DP's topo.py.</summary>
public enum DecentTopology
{
    /// <summary>All with all.</summary>
    Complete,

    /// <summary>Pairs of neighbours on a ring, the left one and the right one in turn; of an even number of ranks.</summary>
    Ring,

    /// <summary>Pairs of ranks 1, 2, 4, … apart in turn; of a power of two of ranks.</summary>
    OnePeerExponential,

    /// <summary>
    /// A node's ranks, and those of two nodes 1, 2, 4, … apart, in turn: while half of the pairs of nodes use the network, the others average
    /// inside nodes. Of a power of two of nodes.
    /// </summary>
    AlternatingExponentialRing,
}

/// <summary>The groups of a topology.</summary>
internal static class DecentGroups
{
    /// <summary>For each step of a period the first rank of each rank's group.</summary>
    /// <exception cref="UserErrorException">The topology has no such number of ranks or nodes.</exception>
    internal static IReadOnlyList<int[]> Of(DecentTopology topology, int nodes, int ranksPerNode)
    {
        int ranks = nodes * ranksPerNode;
        return topology switch
        {
            DecentTopology.Ring when ranks % 2 == 0 =>
                [Pairs(ranks, rank => rank ^ 1), Pairs(ranks, rank => (rank + (rank % 2 == 0 ? ranks - 1 : 1)) % ranks)],
            DecentTopology.OnePeerExponential when ranks > 1 && int.IsPow2(ranks) =>
                [.. Enumerable.Range(0, int.Log2(ranks)).Select(i => Pairs(ranks, rank => rank ^ (1 << i)))],
            DecentTopology.AlternatingExponentialRing when nodes > 1 && int.IsPow2(nodes) => Alternating(nodes, ranksPerNode),
            DecentTopology.Complete => [new int[ranks]],
            _ => throw new UserErrorException(
                $"{topology} of {ranks} ranks on {nodes} nodes: take an even number of ranks for {nameof(DecentTopology.Ring)}, a power of two for "
                + $"{nameof(DecentTopology.OnePeerExponential)}, of nodes for {nameof(DecentTopology.AlternatingExponentialRing)}"),
        };
    }

    private static int[] Pairs(int ranks, Func<int, int> partner) =>
        [.. Enumerable.Range(0, ranks).Select(rank => Math.Min(rank, partner(rank)))];

    /// <summary>Pairs of nodes are counted through all rounds: even ones begin with their nodes, odd ones with the pair.</summary>
    private static List<int[]> Alternating(int nodes, int ranksPerNode)
    {
        var steps = new List<int[]>();
        int pairs = 0;
        for (int round = 0; round < int.Log2(nodes); round++)
        {
            int[] before = new int[nodes * ranksPerNode], after = new int[nodes * ranksPerNode];
            for (int node = 0; node < nodes; node++)
            {
                int other = node ^ (1 << round);
                if (other < node)
                    continue;
                (int[] alone, int[] paired) = pairs++ % 2 == 0 ? (before, after) : (after, before);
                foreach (int member in (ReadOnlySpan<int>)[node, other])
                {
                    alone.AsSpan(member * ranksPerNode, ranksPerNode).Fill(member * ranksPerNode);
                    paired.AsSpan(member * ranksPerNode, ranksPerNode).Fill(node * ranksPerNode);
                }
            }

            steps.AddRange([before, after]);
        }

        return steps;
    }
}
