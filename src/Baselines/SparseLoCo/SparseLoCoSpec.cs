using Daso.Specification;
using Daso.Strategies;

namespace Daso.Baselines;

/// <summary>
/// SparseLoCo (Sarfi et al., arXiv 2508.15706) by the rules of one-covenant/templar: DiLoCo whose pseudo-gradients travel as the largest
/// elements of chunks, at two bits an element, with error feedback in place of an outer momentum. docs/strategies/sparse-loco.md.
/// </summary>
[Specification("sparseLoCo")]
public sealed partial record SparseLoCoSpec : WorkerSpec
{
    /// <summary>H: inner steps from one synchronisation to the next.</summary>
    [AtLeast(1)]
    public int Period { get; init; } = 30;

    /// <summary>What is kept of what was not sent, from one synchronisation to the next.</summary>
    [AtLeast(0), Below(1)]
    public double Decay { get; init; } = 0.95;

    /// <summary>The largest side of a chunk; 12 bits say a place in it.</summary>
    [AtLeast(1), AtMost(64)]
    public int ChunkSize { get; init; } = 64;

    /// <summary>Elements that are sent of a chunk.</summary>
    [AtLeast(1)]
    public int TopK { get; init; } = 64;

    /// <summary>The outer rate.</summary>
    [Above(0)]
    public double OuterLearningRate { get; init; } = 0.4;

    /// <summary>How parameters are cut and sent.</summary>
    internal ChunkSettings Chunks => new(ChunkSize, TopK, IsTransformed: false, new TwoBitChunkCodec());

    /// <inheritdoc />
    public override StrategyPolicy Policy => new(
        "few elements of changes", StrategyPolicy.Own, StrategyPolicy.Own, NodeGradients ? "12·n a node and messages" : "12·n and messages");

    /// <inheritdoc />
    public override StrategySpec ForWarmup() => this with { Period = Math.Min(Period, 2) };

    /// <inheritdoc />
    public override IStrategy Create(StrategyContext context)
    {
        Validate();
        return new SparseLoCo(this, context);
    }

    /// <inheritdoc />
    public override IReadOnlyList<StepProgram> Programs(ProgramScope scope)
    {
        ProgramGroup group = NodeGradients ? ProgramGroup.Global : ProgramGroup.World;
        if (Chunks.Exchange(scope, group) is not ProgramExchange exchange)
            return [];
        StepProgram program = StepProgram.Periodic(TrafficInNode, Period, step => step == Period - 1 ? exchange : null);
        if (!NodeGradients)
            return [program];
        ProgramStep last = program.Steps[^1];
        var whole = new ProgramExchange(group, scope.Elements, exchange.Wire);
        return
        [
            program with
            {
                Steps = [.. program.Steps.SkipLast(1), last with { Actions = [.. last.Actions, new(ProgramActionKind.NodeBroadcast, whole)] }],
            },
        ];
    }
}
