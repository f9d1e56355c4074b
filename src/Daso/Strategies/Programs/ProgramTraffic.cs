using Daso.Communication;

namespace Daso.Strategies;

/// <summary>The ranks of an operation.</summary>
public enum ProgramGroup
{
    /// <summary>All.</summary>
    World,

    /// <summary>Those of one node, every node for itself.</summary>
    Node,

    /// <summary>One of each node: those of one local id.</summary>
    Global,
}

/// <summary>Gradients that are averaged beside backward.</summary>
/// <param name="Wire">How they travel.</param>
public abstract record GradientTraffic(WireFormat Wire);

/// <summary>In buckets, each as soon as backward has completed it, as in <see cref="GradientAverager"/>.</summary>
/// <param name="Group">Over whom.</param>
/// <param name="BucketBytes">A bucket's cap in bytes of float32.</param>
/// <param name="FirstBucketBytes">The first bucket's cap.</param>
/// <param name="Wire">How they travel.</param>
public sealed record BucketedGradients(ProgramGroup Group, long BucketBytes, long FirstBucketBytes, WireFormat Wire) : GradientTraffic(Wire)
{
    private const long UsualFirstBucketBytes = 1 << 20;

    /// <summary>In float32, the first bucket at most PyTorch's 1 MiB.</summary>
    /// <param name="group">Over whom.</param>
    /// <param name="bucketBytes">A bucket's cap.</param>
    public static BucketedGradients InFloat32(ProgramGroup group, long bucketBytes) =>
        new(group, bucketBytes, Math.Min(UsualFirstBucketBytes, bucketBytes), WireFormat.Float32);
}

/// <summary>Over all ranks through Horovod's queue: a thread looks once a cycle and sends what is complete everywhere in fused messages.</summary>
/// <param name="FusionBytes">The largest message in bytes as sent; a parameter that is larger goes alone.</param>
/// <param name="CycleNs">From one look to the next.</param>
/// <param name="Wire">How they travel.</param>
public sealed record QueuedGradients(long FusionBytes, double CycleNs, WireFormat Wire) : GradientTraffic(Wire);

/// <summary>What the members of a group make of their values.</summary>
public enum ProgramCollective
{
    /// <summary>A sum or a mean, which all get.</summary>
    AllReduce,

    /// <summary>All get the values of all.</summary>
    AllGather,

    /// <summary>Each gives an equal share of its values to each.</summary>
    AllToAll,

    /// <summary>Each gives its values to peers and takes theirs; see <see cref="ProgramExchange.NodeElements"/>.</summary>
    Messages,
}

/// <summary>An exchange of parameters or gradients, or of what stands for them.</summary>
/// <param name="Group">Between whom.</param>
/// <param name="Elements">Elements of each member; four bytes of any payload are one element of float32.</param>
/// <param name="Wire">How they travel.</param>
public sealed record ProgramExchange(ProgramGroup Group, long Elements, WireFormat Wire)
{
    /// <summary>Which exchange.</summary>
    public ProgramCollective Collective { get; init; } = ProgramCollective.AllReduce;

    /// <summary>Of messages: elements that a node's ranks together give to other nodes, the most that any node does.</summary>
    public long NodeElements { get; init; }

    /// <summary>
    /// Whether the method's reference implementation gives it to MPI, which may stage it through the host and progress only while it is
    /// waited for; otherwise it goes the way of gradients.
    /// </summary>
    public bool IsByMpi { get; init; }
}
