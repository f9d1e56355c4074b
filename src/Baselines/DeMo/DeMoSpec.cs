using Daso.Communication;
using Daso.Optimization;
using Daso.Specification;
using Daso.Strategies;

namespace Daso.Baselines;

/// <summary>What is sent of the momentum.</summary>
public enum DeMoReplication
{
    /// <summary>DeMo's: of each chunk the largest coefficients of a cosine transform.</summary>
    Dct,

    /// <summary>DeToNATION's striding: every so many rows, others in every step, in one all-reduce.</summary>
    Striding,
}

/// <summary>
/// DeMo (Peng, Quesnelle, Kingma, arXiv 2411.19870) by the rules of bloc97/DeMo: each rank keeps a momentum of its own, sends what is large
/// in it, and all go along the sign of what was sent. With <see cref="NodeGradients"/> it is FlexDeMo (From et al., arXiv 2502.06728) by the
/// rules of DeToNATION: gradients are averaged in the node, momenta are exchanged between nodes. docs/strategies/demo.md.
/// </summary>
[Specification("deMo")]
public sealed partial record DeMoSpec : StrategySpec
{
    /// <summary>What is sent.</summary>
    public DeMoReplication Replication { get; init; } = DeMoReplication.Dct;

    /// <summary>What the momentum keeps in a step (compression_decay).</summary>
    [AtLeast(0), Below(1)]
    public double Decay { get; init; } = 0.999;

    /// <summary>The largest side of a chunk, and of striding the most rows of a parameter (compression_chunk).</summary>
    [AtLeast(1), AtMost(256)]
    public int ChunkSize { get; init; } = 64;

    /// <summary>Coefficients that are sent of a chunk (compression_topk).</summary>
    [AtLeast(1)]
    public int TopK { get; init; } = 32;

    /// <summary>Of striding: the share of rows that are sent (compression_rate).</summary>
    [Above(0), AtMost(1)]
    public double Rate { get; init; } = 0.1;

    /// <summary>Weight decay.</summary>
    [AtLeast(0)]
    public double WeightDecay { get; init; }

    /// <summary>Whether a node is a member, whose ranks average gradients in every step, and the first of which exchanges; else each rank is.</summary>
    public bool NodeGradients { get; init; }

    /// <summary>Cap in bytes of the buckets in which they are averaged.</summary>
    [AtLeast(1)]
    public long BucketBytes { get; init; } = 25 << 20;

    /// <inheritdoc />
    public override bool KeepsGradients => true;

    /// <summary>The strategy makes the sign; this goes along it.</summary>
    public override OptimizerSpec OwnOptimizer => new SgdSpec(Momentum: 0, WeightDecay);

    /// <summary>How parameters are cut and sent without striding.</summary>
    internal ChunkSettings Chunks => new(ChunkSize, TopK, IsTransformed: true, new PlainChunkCodec());

    /// <inheritdoc />
    public override StrategyPolicy Policy => new(
        "what is large in momenta", StrategyPolicy.Own, StrategyPolicy.Own, NodeGradients ? "4·n a node and messages" : "4·n and messages");

    /// <inheritdoc />
    public override IStrategy Create(StrategyContext context)
    {
        Validate();
        return new DeMo(this, context);
    }

    /// <inheritdoc />
    public override IReadOnlyList<StepProgram> Programs(ProgramScope scope)
    {
        ProgramGroup group = NodeGradients ? ProgramGroup.Global : ProgramGroup.World;
        ProgramExchange? exchange = Replication == DeMoReplication.Dct
            ? Chunks.Exchange(scope, group)
            : scope.Parameters is { } parameters
                ? new ProgramExchange(group, parameters.Sum(one => StridedRows.Of(one, this).Elements), WireFormat.Float32)
                : null;
        if (exchange is null)
            return [];
        ProgramStep step = ProgramStep.Exchanging(NodeGradients, exchange);
        if (!NodeGradients)
            return [new() { Steps = [step] }];
        var whole = new ProgramExchange(group, scope.Elements, WireFormat.Float32);
        return
        [
            new()
            {
                Gradients = BucketedGradients.InFloat32(ProgramGroup.Node, BucketBytes),
                Steps = [step with { Actions = [.. step.Actions, new(ProgramActionKind.NodeBroadcast, whole)] }],
            },
        ];
    }
}
