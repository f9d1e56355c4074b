namespace Daso.Prediction;

/// <summary>How an all-reduce is carried out; <see cref="CollectiveCost"/> has the formulas.</summary>
internal enum CollectiveAlgorithm
{
    /// <summary>A ring of all ranks, node by node; over all cards of a node at once where the group has all of its ranks.</summary>
    Ring,

    /// <summary>Recursive halving and doubling between all ranks.</summary>
    Rabenseifner,

    /// <summary>Recursive doubling with whole buffers: what libraries of the MPICH family do with user-defined operations.</summary>
    RecursiveDoubling,

    /// <summary>NCCL's pipelined double binary tree.</summary>
    DoubleTree,

    /// <summary>Reduce-scatter in the node, all-reduce of the parts between nodes by all cards at once, all-gather in the node.</summary>
    Hierarchical,

    /// <summary>The bound of any all-reduce between nodes, which this project's emulated link charges.</summary>
    Bound,

    /// <summary>Every piece has a home among the nodes, where sums meet and results come from: this project's all-reduce under MPI.</summary>
    Homes,
}
