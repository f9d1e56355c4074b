using Daso.Communication;
using Daso.Specification;
using Daso.Strategies;

namespace Daso.Baselines;

/// <summary>
/// High-performance decentralised training (Wang et al., "From Promise to Practice", ICLR 2025, arXiv 2410.11998) by the rules of Decent-DP:
/// ranks average parameters with the group of the step, one step late, beside forward and backward. docs/strategies/decent-dp.md.
/// </summary>
[Specification("decent")]
public sealed partial record DecentSpec : StrategySpec
{
    /// <summary>Who averages with whom.</summary>
    public DecentTopology Topology { get; init; } = DecentTopology.Complete;

    /// <summary>a: x := (1 − a)·x + a·average (adaptive_factor).</summary>
    [Above(0), AtMost(1)]
    public double AveragedShare { get; init; } = 1;

    /// <summary>How parameters travel.</summary>
    public WireFormat Wire { get; init; } = WireFormat.Float32;

    /// <summary>Cap in bytes of a message.</summary>
    [AtLeast(4)]
    public long BucketBytes { get; init; } = 25 << 20;

    /// <inheritdoc />
    public override StrategyPolicy Policy => new(
        Topology == DecentTopology.Complete ? "parameters" : "parameters, with peers", StrategyPolicy.Own, StrategyPolicy.Own, "4·n");

    /// <inheritdoc />
    public override IStrategy Create(StrategyContext context)
    {
        Validate();
        return new Decent(this, context);
    }

    /// <summary>The model lets all ranks meet where only groups do: slow ranks cost less than it says.</summary>
    public override IReadOnlyList<StepProgram> Programs(ProgramScope scope)
    {
        ProgramExchange[] exchanges = [.. DecentGroups.Of(Topology, scope.Nodes, scope.RanksPerNode).Select(groups => Exchange(groups, scope))];
        var steps = new ProgramStep[exchanges.Length];
        for (int i = 0; i < steps.Length; i++)
        {
            ProgramExchange started = exchanges[i], taken = exchanges[(i + steps.Length - 1) % steps.Length];
            steps[i] = new(false, [new(ProgramActionKind.Wait, taken, Delay: 1), new(ProgramActionKind.Start, started)]);
        }

        return [new StepProgram { Steps = steps }];
    }

    /// <summary>A node gives 2·(k − 1)/k·n for each group that it shares with k − 1 others.</summary>
    private ProgramExchange Exchange(int[] groups, ProgramScope scope)
    {
        if (Topology == DecentTopology.Complete)
            return new ProgramExchange(ProgramGroup.World, scope.Elements, Wire);
        var nodesOf = groups.Select((group, rank) => (Group: group, Node: rank / scope.RanksPerNode)).Distinct().ToLookup(one => one.Group, one => one.Node);
        double most = Enumerable.Range(0, scope.Nodes).Max(node =>
            nodesOf.Where(group => group.Contains(node)).Sum(group => 2.0 * (group.Count() - 1) / group.Count()));
        return new ProgramExchange(most == 0 ? ProgramGroup.Node : ProgramGroup.World, scope.Elements, Wire)
        {
            Collective = ProgramCollective.Messages,
            NodeElements = (long)(most * scope.Elements),
        };
    }
}
