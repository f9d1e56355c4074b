using Daso.Communication;
using TorchSharp;

namespace Daso.Cluster;

/// <summary>What one rank holds: its number, its device and its three communicators.</summary>
/// <param name="Rank">0 … P − 1.</param>
/// <param name="Topology">The cluster.</param>
/// <param name="Device">The device that this rank computes on.</param>
/// <param name="World">All ranks.</param>
/// <param name="Node">The ranks of this rank's node.</param>
/// <param name="Global">The ranks with this rank's local id, one on every node.</param>
/// <param name="Cancelled">Set when the user cancels the job.</param>
public sealed record RankContext(
    int Rank,
    Topology Topology,
    torch.Device Device,
    ICommunicator World,
    ICommunicator Node,
    ICommunicator Global,
    CancellationToken Cancelled)
{
    /// <summary>Whether this rank does what is done once a process, such as collecting garbage.</summary>
    public bool IsFirstOfProcess { get; init; } = true;

    /// <summary>What has failed on this rank, where that does not end it at once.</summary>
    internal RankFailure Failure { get; init; } = new(isKept: false);

    /// <summary>This rank's number inside its node.</summary>
    public int LocalId => Topology.LocalIdOf(Rank);

    /// <summary>This rank's node.</summary>
    public int NodeIndex => Topology.NodeOf(Rank);
}
