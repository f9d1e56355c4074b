namespace Daso.Cluster;

/// <summary>N nodes with G ranks each; rank r sits on node r / G with local id r mod G.</summary>
public sealed record Topology
{
    /// <summary>Describes a cluster.</summary>
    /// <exception cref="UserErrorException">A count below 1.</exception>
    public Topology(int nodes, int ranksPerNode)
    {
        if (nodes < 1)
            throw new UserErrorException($"--nodes {nodes}: a cluster has at least 1 node");
        if (ranksPerNode < 1)
            throw new UserErrorException($"--ranks-per-node {ranksPerNode}: a node has at least 1 rank");
        if ((long)nodes * ranksPerNode > MaximumRanks)
            throw new UserErrorException($"--nodes {nodes} --ranks-per-node {ranksPerNode}: more than {MaximumRanks} ranks; take fewer");
        Nodes = nodes;
        RanksPerNode = ranksPerNode;
    }

    /// <summary>More than any cluster has; keeps products within 32 bits.</summary>
    public const int MaximumRanks = 1 << 20;

    /// <summary>N.</summary>
    public int Nodes { get; }

    /// <summary>G.</summary>
    public int RanksPerNode { get; }

    /// <summary>P = N·G.</summary>
    public int Ranks => Nodes * RanksPerNode;

    /// <summary>The node of a rank.</summary>
    public int NodeOf(int rank) => rank / RanksPerNode;

    /// <summary>The id of a rank inside its node; also the number of its global group.</summary>
    public int LocalIdOf(int rank) => rank % RanksPerNode;

    /// <inheritdoc />
    public override string ToString() => $"{Nodes} × {RanksPerNode}";
}
