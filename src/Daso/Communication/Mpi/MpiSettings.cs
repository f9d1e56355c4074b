namespace Daso.Communication.Mpi;

/// <summary>What a user can set about a job.</summary>
/// <param name="WaitLimit">The longest wait in one operation.</param>
/// <param name="Requested">Nodes and ranks a node as the user gave them; null: not given.</param>
/// <param name="AllReduce">How all-reduces are carried out.</param>
/// <param name="Intra">Who adds up GPU memory inside a node; null: the best that there is.</param>
/// <param name="Inter">Who adds it up between nodes; null: the best that there is.</param>
/// <param name="NcclLibrary">The file of NCCL; null: it is searched.</param>
internal sealed record MpiSettings(
    TimeSpan WaitLimit,
    (int Nodes, int RanksPerNode)? Requested = null,
    AllReduceAlgorithm AllReduce = AllReduceAlgorithm.Hierarchical,
    IntraNode? Intra = null,
    InterNode? Inter = null,
    string? NcclLibrary = null);
