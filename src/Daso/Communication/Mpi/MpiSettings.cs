namespace Daso.Communication.Mpi;

/// <summary>What a user can set about a job.</summary>
/// <param name="WaitLimit">The longest wait in one operation.</param>
/// <param name="Requested">Nodes and ranks a node as the user gave them; null: not given.</param>
/// <param name="AllReduce">How all-reduces are carried out.</param>
/// <param name="IsGpuAware">Whether the library is given memory of GPUs.</param>
internal sealed record MpiSettings(
    TimeSpan WaitLimit,
    (int Nodes, int RanksPerNode)? Requested = null,
    AllReduceAlgorithm AllReduce = AllReduceAlgorithm.Hierarchical,
    bool IsGpuAware = false);
