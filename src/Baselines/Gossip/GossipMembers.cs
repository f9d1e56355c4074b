using Daso.Communication;
using Daso.Models;
using Daso.Strategies;

namespace Daso.Baselines;

/// <summary>
/// Who gossips: nodes, whose ranks exchange a slice of the parameters each with the ranks of the same local id and then give it to their
/// node, or single ranks with all parameters.
/// </summary>
internal sealed class GossipMembers
{
    private readonly NodeBroadcast? _share;

    internal GossipMembers(WorkerSpec spec, StrategyContext context)
    {
        FlatTensor parameters = context.Replica.Parameters;
        Group = spec.NodeGradients ? context.Ranks.Global : context.Ranks.World;
        Range = new FlatRange(0, parameters.Length);
        if (!spec.NodeGradients)
            return;
        _share = new NodeBroadcast(context.Ranks.Node, context.Timer, [parameters], isSharded: true);
        Range = NodeBroadcast.Slice(parameters.Length, context.Ranks.LocalId, context.Ranks.Topology.RanksPerNode);
    }

    /// <summary>This rank with those that it exchanges with.</summary>
    internal ICommunicator Group { get; }

    /// <summary>What of the parameters it exchanges.</summary>
    internal FlatRange Range { get; }

    /// <summary>Gives the node's other ranks what this rank has mixed, and takes what they have.</summary>
    internal void Share() => _share?.Share(onDuty: 0);

    /// <summary>How far on the member is that step t gives to on the exponential graph: 1, 2, 4, … below K, and again.</summary>
    internal static int Distance(long step, int members) => 1 << (int)(step % Powers(members));

    /// <summary>⌈log₂ K⌉, at least 1.</summary>
    internal static int Powers(int members)
    {
        int powers = 1;
        while (1 << powers < members)
            powers++;
        return powers;
    }

    /// <summary>For predictions: the members of a whole cluster.</summary>
    internal static int Count(WorkerSpec spec, ProgramScope scope) => spec.NodeGradients ? scope.Nodes : scope.Ranks;

    /// <summary>
    /// For predictions: an exchange with a peer so many members further on. Of nodes every rank gives its slice; of ranks only those whose
    /// peer is on another node cross the network.
    /// </summary>
    internal static ProgramExchange Message(WorkerSpec spec, ProgramScope scope, WireFormat wire, int distance) =>
        new(ProgramGroup.World, spec.NodeGradients ? scope.Elements / scope.RanksPerNode : scope.Elements, wire)
        {
            Collective = ProgramCollective.Messages,
            NodeElements = Count(spec, scope) == 1 ? 0 : scope.Elements * (spec.NodeGradients ? 1 : Math.Min(distance, scope.RanksPerNode)),
        };
}
