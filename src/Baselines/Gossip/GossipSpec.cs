using Daso.Communication;
using Daso.Specification;
using Daso.Strategies;

namespace Daso.Baselines;

/// <summary>Who exchanges with whom.</summary>
public enum GossipTopology
{
    /// <summary>Each with both neighbours on a ring, weights ⅓ (D-PSGD); with two members ½.</summary>
    Ring,

    /// <summary>
    /// In step t each gives to the member 2^(t mod ⌈log₂ K⌉) further on and takes from the one as far before, weights ½ (SGP's directed
    /// exponential graph). Givers and takers are as many, so that push-sum's de-biasing weight is always 1.
    /// </summary>
    OnePeerExponential,

    /// <summary>Pairs that are drawn anew in every step, weights ½ (AD-PSGD); of an odd number one stays alone.</summary>
    RandomPairs,
}

/// <summary>
/// Gossip: D-PSGD (Lian et al., NeurIPS 2017, arXiv 1705.09056) on a ring, stochastic gradient push (Assran et al., ICML 2019, arXiv
/// 1811.10792) on the exponential graph, AD-PSGD (Lian et al., ICML 2018, arXiv 1710.06952) with random pairs. Members mix their parameters
/// of the step's beginning with their peers' while forward and backward run, and add their own update. docs/strategies/gossip.md.
/// </summary>
[Specification("gossip")]
public sealed partial record GossipSpec : WorkerSpec
{
    /// <summary>Who exchanges with whom.</summary>
    public GossipTopology Topology { get; init; } = GossipTopology.Ring;

    /// <summary>How parameters travel.</summary>
    public WireFormat Wire { get; init; } = WireFormat.Float32;

    /// <summary>Of random pairs.</summary>
    [OmittedWhen(1)]
    public int Seed { get; init; } = 1;

    /// <inheritdoc />
    public override StrategyPolicy Policy => new("parameters, with peers", StrategyPolicy.Own, StrategyPolicy.Own, Topology == GossipTopology.Ring ? "12·n" : "8·n");

    /// <inheritdoc />
    public override IStrategy Create(StrategyContext context)
    {
        Validate();
        return new Gossip(this, context);
    }

    /// <summary>
    /// An exchange with others is under way in every step. The model lets all members meet where in truth only peers do, so that slow ranks
    /// cost less than it says.
    /// </summary>
    public override IReadOnlyList<StepProgram> Programs(ProgramScope scope)
    {
        int members = GossipMembers.Count(this, scope);
        ProgramExchange[] exchanges = Topology == GossipTopology.OnePeerExponential
            ? [.. Enumerable.Range(0, GossipMembers.Powers(members)).Select(t => GossipMembers.Message(this, scope, Wire, 1 << t))]
            : [GossipMembers.Message(this, scope, Wire, distance: 1)];
        if (Topology == GossipTopology.Ring && members > 2)
            exchanges[0] = exchanges[0] with { NodeElements = 2 * exchanges[0].NodeElements };
        // A partner is any of the P − 1 others, of whom P − g are on other nodes.
        if (Topology == GossipTopology.RandomPairs && !NodeGradients && members > 1)
            exchanges[0] = exchanges[0] with { NodeElements = scope.Elements * scope.RanksPerNode * (members - scope.RanksPerNode) / (members - 1) };
        return [Overlapped(TrafficInNode, exchanges, delay: 1)];
    }

    /// <summary>Every so many steps an exchange is taken in that was started as many before, and the next begins.</summary>
    internal static StepProgram Overlapped(GradientTraffic? gradients, IReadOnlyList<ProgramExchange> exchanges, int delay)
    {
        var steps = new List<ProgramStep>();
        for (int i = 0; i < exchanges.Count; i++)
        {
            steps.AddRange(Enumerable.Repeat(new ProgramStep(gradients is not null, []), delay - 1));
            var actions = new List<ProgramAction> { new(ProgramActionKind.Wait, exchanges[i], Delay: delay) };
            if (gradients is not null)
                actions.Add(new(ProgramActionKind.NodeBroadcast, exchanges[i], Delay: delay));
            actions.Add(new(ProgramActionKind.Start, exchanges[(i + 1) % exchanges.Count]));
            steps.Add(new ProgramStep(gradients is not null, actions));
        }

        return new StepProgram { Gradients = gradients, Steps = steps };
    }
}
