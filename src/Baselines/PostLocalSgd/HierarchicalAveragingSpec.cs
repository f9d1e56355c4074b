using Daso.Communication;
using Daso.Specification;
using Daso.Strategies;

namespace Daso.Baselines;

/// <summary>
/// Post-local SGD whose parameters are averaged in groups that grow with the period, by the rule of PyTorch's HierarchicalModelAverager:
/// of the periods that divide the step, the largest counts. Hier-AVG (arXiv 1903.05133) is the case of two levels.
/// docs/strategies/post-local-sgd.md.
/// </summary>
[Specification("hierarchicalAveraging")]
public sealed partial record HierarchicalAveragingSpec : WorkerSpec
{
    /// <summary>As PyTorch's example: after the start gradients stay on their rank.</summary>
    public HierarchicalAveragingSpec() => NodeGradients = false;

    /// <summary>w: the steps of DDP at the start, over the whole training. The periods count from step 0 nevertheless, as in PyTorch.</summary>
    [AtLeast(0)]
    public int WarmupSteps { get; init; } = 100;

    /// <summary>Periods and groups.</summary>
    public AveragingLevels Levels { get; init; } = new([new(4, AveragingLevel.Node), new(16, AveragingLevel.All)]);

    /// <inheritdoc />
    public override StrategySpec ForWarmup() => this with
    {
        WarmupSteps = Math.Min(WarmupSteps, 1),
        Levels = new([.. Levels.All.Select((level, i) => level with { Period = i + 1 })]),
    };

    /// <inheritdoc />
    public override StrategyPolicy Policy => new("gradients, then parameters", StrategyPolicy.Own, StrategyPolicy.Own, StrategyPolicy.None);

    /// <inheritdoc />
    public override IStrategy Create(StrategyContext context)
    {
        Validate();
        ICommunicator[] groups = [.. Levels.All.Select(level => Group(context, level))];
        RangeReduction[] averages = [.. groups.Select(group => new RangeReduction(context.Replica.Parameters, group))];
        return new PostLocalSgd(context, WarmupSteps, NodeGradients, BucketBytes, groups, step => LevelOf(step) is int level ? averages[level] : null);
    }

    /// <summary>Of nodes and of all ranks; other groups are not modelled.</summary>
    public override IReadOnlyList<StepProgram> Programs(ProgramScope scope)
    {
        if (Levels.All.Any(level => level.Size is not (AveragingLevel.Node or AveragingLevel.All)))
            return [];
        StepProgram local = StepProgram.Periodic(
            TrafficInNode,
            Levels.All[^1].Period,
            step => LevelOf(step) is not int level ? null : new ProgramExchange(
                Levels.All[level].Size == AveragingLevel.Node ? ProgramGroup.Node : ProgramGroup.World, scope.Elements, WireFormat.Float32));
        return WarmupSteps == 0 ? [local] : [local with { Phase = "local" }, PostLocalSgdSpec.Start(BucketBytes)];
    }

    /// <summary>The level whose period counts in a step; null: none.</summary>
    private int? LevelOf(long step)
    {
        for (int i = Levels.All.Count - 1; i >= 0; i--)
        {
            if (step % Levels.All[i].Period == 0)
                return i;
        }

        return null;
    }

    /// <summary>Groups are of neighbouring ranks, as PyTorch's new_subgroups makes them.</summary>
    private static ICommunicator Group(StrategyContext context, AveragingLevel level)
    {
        ICommunicator world = context.Ranks.World;
        int size = level.Size switch
        {
            AveragingLevel.All => world.Size,
            AveragingLevel.Node => context.Ranks.Topology.RanksPerNode,
            _ => level.Size,
        };
        if (size > world.Size || world.Size % size != 0)
            throw new UserErrorException($"averaging in groups of {size} ranks: {world.Size} ranks are not made of such groups");
        return world.Split(world.Rank / size, $"groups of {size}");
    }
}

/// <summary>One period with its groups.</summary>
/// <param name="Period">Steps; at least 1.</param>
/// <param name="Size">Ranks of a group; or <see cref="Node"/> or <see cref="All"/>.</param>
public readonly record struct AveragingLevel(int Period, int Size)
{
    /// <summary>A group is a node.</summary>
    public const int Node = 0;

    /// <summary>The only group is the world.</summary>
    public const int All = -1;
}

/// <summary>Periods that grow with their groups; written as "4:node, 16:all", or with a number of ranks for a group.</summary>
public sealed record AveragingLevels : IParsable<AveragingLevels>
{
    /// <summary>Takes the levels.</summary>
    /// <exception cref="UserErrorException">None, periods that do not grow, or a last level that is not the world.</exception>
    public AveragingLevels(IReadOnlyList<AveragingLevel> all)
    {
        All = all;
        bool grow = all.Zip(all.Skip(1)).All(pair => pair.First.Period < pair.Second.Period);
        if (all.Count == 0 || all[0].Period < 1 || !grow || all[^1].Size != AveragingLevel.All || all.Any(level => level.Size < AveragingLevel.All))
            throw new UserErrorException($"averaging levels '{this}': periods of at least 1 grow, and the last group is all ranks, as in 4:node, 16:all");
    }

    /// <summary>From the shortest period to the longest.</summary>
    public IReadOnlyList<AveragingLevel> All { get; }

    /// <inheritdoc />
    public bool Equals(AveragingLevels? other) => other is not null && All.SequenceEqual(other.All);

    /// <inheritdoc />
    public override int GetHashCode() => ToString().GetHashCode(StringComparison.Ordinal);

    /// <inheritdoc />
    public override string ToString() => string.Join(", ", All.Select(level => $"{level.Period}:{Name(level.Size)}"));

    /// <inheritdoc />
    public static AveragingLevels Parse(string s, IFormatProvider? provider) => TryParse(s, provider, out AveragingLevels? result)
        ? result
        : throw new FormatException($"'{s}' is not levels as in 4:node, 16:all");

    /// <inheritdoc />
    public static bool TryParse(
        [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] string? s,
        IFormatProvider? provider,
        [System.Diagnostics.CodeAnalysis.MaybeNullWhen(false)] out AveragingLevels result)
    {
        result = null;
        var levels = new List<AveragingLevel>();
        foreach (string level in (s ?? "").Split(',', StringSplitOptions.TrimEntries))
        {
            if (level.Split(':', StringSplitOptions.TrimEntries) is not [string period, string group]
                || !int.TryParse(period, System.Globalization.CultureInfo.InvariantCulture, out int steps))
                return false;
            int size = group switch { "all" => AveragingLevel.All, "node" => AveragingLevel.Node, _ => int.TryParse(group, out int ranks) && ranks > 0 ? ranks : -2 };
            if (size == -2)
                return false;
            levels.Add(new AveragingLevel(steps, size));
        }

        result = new AveragingLevels(levels);
        return true;
    }

    private static string Name(int size) => size switch
    {
        AveragingLevel.All => "all",
        AveragingLevel.Node => "node",
        _ => $"{size}",
    };
}
