namespace Daso.Communication.Mpi;

/// <summary>How the processes that a launcher started become ranks on nodes: each node's ranks are numbered one after the other.</summary>
/// <param name="Nodes">N.</param>
/// <param name="RanksPerNode">G.</param>
/// <param name="Order">Rank → number of the process in the launcher's world.</param>
internal sealed record MpiPlacement(int Nodes, int RanksPerNode, IReadOnlyList<int> Order)
{
    /// <summary>Derives the placement.</summary>
    /// <param name="leaders">For each process the first of those that share its memory.</param>
    /// <param name="hosts">Each process's host.</param>
    /// <param name="requested">Nodes and ranks a node as the user gave them; null: not given.</param>
    /// <exception cref="UserErrorException">Nodes with unequal numbers of processes, or not what was requested.</exception>
    internal static MpiPlacement Of(IReadOnlyList<int> leaders, IReadOnlyList<string> hosts, (int Nodes, int RanksPerNode)? requested)
    {
        int[][] nodes = [.. leaders.Select((leader, process) => (leader, process))
            .GroupBy(one => one.leader, one => one.process)
            .OrderBy(node => node.Key)
            .Select(node => node.Order().ToArray())];
        if (nodes.Any(node => node.Length != nodes[0].Length))
        {
            string found = string.Join(", ", nodes.Select(node => $"{hosts[node[0]]} {node.Length}"));
            throw new UserErrorException($"unequal numbers of ranks on the nodes ({found}); start as many on each, with mpiexec: -ppn");
        }

        int[] order = [.. nodes.SelectMany(node => node)];
        if (requested is not var (wantedNodes, wantedRanks) || (wantedNodes, wantedRanks) == (nodes.Length, nodes[0].Length))
            return new MpiPlacement(nodes.Length, nodes[0].Length, order);

        // On one machine, for trying out, its processes can be dealt out to nodes that do not exist.
        if (nodes.Length == 1 && wantedNodes * wantedRanks == order.Length)
            return new MpiPlacement(wantedNodes, wantedRanks, order);
        throw new UserErrorException(
            $"--nodes {wantedNodes} --ranks-per-node {wantedRanks}: the launcher started {nodes.Length} × {nodes[0].Length}; leave the "
                + "options out");
    }
}
