using Daso.Communication;

namespace Daso.Cluster;

/// <summary>Where ranks run: as threads of this process, or as processes that a launcher has started, of which this is one.</summary>
internal interface ICluster
{
    /// <summary>Nodes and ranks a node.</summary>
    Topology Topology { get; }

    /// <summary>The ranks of this process, in order; rank 0's process writes what is common to all.</summary>
    IReadOnlyList<int> RanksHere { get; }

    /// <summary>Whether nodes are joined by real links in place of emulated ones.</summary>
    bool HasRealLinks { get; }

    /// <summary>Each node's host; null: nodes are emulated.</summary>
    IReadOnlyList<string>? Hosts { get; }

    /// <summary>How ranks share cores and GPUs.</summary>
    MachineShares Shares { get; }

    /// <summary>How ranks run and communicate, for a run's manifest.</summary>
    string Description { get; }

    /// <summary>An agreement of the ranks on where they stop; the same for all that they do from now on.</summary>
    IStopAgreement AgreeOnStop();

    /// <summary>Runs a body on every rank of this process and returns when all ranks of the cluster have ended it.</summary>
    /// <param name="body">What a rank does; runs on a thread of the rank's own.</param>
    /// <param name="cancelled">Ends all ranks.</param>
    /// <exception cref="Communication.ClusterFailedException">A rank threw; all others are ended.</exception>
    /// <exception cref="AgreedEndException">All ranks threw it; the cluster is as it was before.</exception>
    /// <exception cref="UserErrorException">A rank found a mistake of the user.</exception>
    /// <exception cref="OperationCanceledException">The user cancelled.</exception>
    void Run(Action<RankContext> body, CancellationToken cancelled = default);
}
