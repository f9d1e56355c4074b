using Daso.Communication;
using Daso.Specification;
using Daso.Strategies;

namespace Daso.Baselines;

/// <summary>
/// OSGP, stochastic gradient push whose messages overlap with several steps (Assran et al., ICML 2019, arXiv 1811.10792, algorithm 2), on
/// the exponential graph. docs/strategies/gossip.md.
/// </summary>
[Specification("overlapSgp")]
public sealed partial record OverlapSgpSpec : WorkerSpec
{
    /// <summary>τ: steps from one message to the next, and from giving one to taking it in.</summary>
    [AtLeast(1)]
    public int Delay { get; init; } = 1;

    /// <summary>How parameters travel.</summary>
    public WireFormat Wire { get; init; } = WireFormat.Float32;

    /// <inheritdoc />
    public override StrategySpec ForWarmup() => this with { Delay = 1 };

    /// <inheritdoc />
    public override StrategyPolicy Policy => new("parameters, with peers", StrategyPolicy.Own, StrategyPolicy.Own, NodeGradients ? "4·n and 8·n/G" : "12·n");

    /// <inheritdoc />
    public override IStrategy Create(StrategyContext context)
    {
        Validate();
        return new OverlapSgp(this, context);
    }

    /// <summary>As <see cref="GossipSpec.Programs"/>, every τ steps; the first message is given where it would take in one.</summary>
    public override IReadOnlyList<StepProgram> Programs(ProgramScope scope)
    {
        int powers = GossipMembers.Powers(GossipMembers.Count(this, scope));
        IEnumerable<ProgramExchange> messages = Enumerable.Range(0, powers)
            .Select(t => GossipMembers.Message(this, scope, Wire, GossipMembers.Distance(t - 1 + powers, 1 << powers)));
        return [GossipSpec.Overlapped(TrafficInNode, [.. messages], Delay)];
    }
}
