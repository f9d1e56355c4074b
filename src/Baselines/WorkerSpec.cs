using System.Text.Json.Serialization;
using Daso.Specification;
using Daso.Strategies;

namespace Daso.Baselines;

/// <summary>
/// What methods share whose workers train alone between exchanges: who is a worker. Its settings come last in the JSON, behind those of
/// the method.
/// </summary>
public abstract record WorkerSpec : StrategySpec
{
    /// <summary>Whether the ranks of a node are one worker, whose gradients are averaged in every step; else each rank is a worker.</summary>
    [JsonPropertyOrder(1)]
    public bool NodeGradients { get; init; } = true;

    /// <summary>Cap in bytes of the buckets in which they are averaged.</summary>
    [AtLeast(1), JsonPropertyOrder(1)]
    public long BucketBytes { get; init; } = 25 << 20;

    /// <summary>What averages gradients inside the node; null: nothing does.</summary>
    internal NodeGradients? InNode(StrategyContext context) => NodeGradients ? new NodeGradients(context, BucketBytes) : null;

    /// <summary>The same for predictions.</summary>
    internal GradientTraffic? TrafficInNode => NodeGradients ? BucketedGradients.InFloat32(ProgramGroup.Node, BucketBytes) : null;
}
