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
}

/// <summary>
/// Gossip: D-PSGD (Lian et al., NeurIPS 2017, arXiv 1705.09056) on a ring, stochastic gradient push (Assran et al., ICML 2019, arXiv
/// 1811.10792) on the exponential graph. Members mix their parameters of the step's beginning with their peers' while forward and backward
/// run, and add their own update. docs/strategies/gossip.md.
/// </summary>
[Specification("gossip")]
public sealed partial record GossipSpec : StrategySpec
{
    /// <summary>Who exchanges with whom.</summary>
    public GossipTopology Topology { get; init; } = GossipTopology.Ring;

    /// <summary>How parameters travel.</summary>
    public WireFormat Wire { get; init; } = WireFormat.Float32;

    /// <summary>
    /// Whether a member is a node, whose ranks average gradients in every step and exchange a slice of the parameters each; else each rank
    /// is a member.
    /// </summary>
    public bool NodeGradients { get; init; } = true;

    /// <summary>Cap in bytes of the buckets in which they are averaged.</summary>
    [AtLeast(1)]
    public long BucketBytes { get; init; } = 25 << 20;

    /// <inheritdoc />
    public override StrategyPolicy Policy => new("parameters, with peers", StrategyPolicy.Own, StrategyPolicy.Own, Topology == GossipTopology.Ring ? "12·n" : "8·n");

    /// <inheritdoc />
    public override IStrategy Create(StrategyContext context)
    {
        Validate();
        return new Gossip(this, context);
    }
}
