using Daso.Communication;
using Daso.Strategies;

namespace Daso.Prediction;

/// <summary>What the step-time model has to know of a strategy.</summary>
/// <param name="Name">As in tables.</param>
public abstract record StrategyModel(string Name)
{
    /// <summary>
    /// Whether its exchanges between nodes go through MPI: staged where the system stages, and beside computing only where MPI makes
    /// progress. Otherwise they are NCCL's.
    /// </summary>
    public bool UsesMpi { get; init; }
}

/// <summary>Every rank alone.</summary>
public sealed record NoCommunicationModel() : StrategyModel("none");

/// <summary>PyTorch's DDP: gradients averaged in buckets beside backward.</summary>
public sealed record DdpModel() : StrategyModel("ddp")
{
    /// <summary>A bucket's cap in bytes of float32.</summary>
    public long BucketBytes { get; init; } = 25 << 20;

    /// <summary>The first bucket's.</summary>
    public long FirstBucketBytes { get; init; } = 1 << 20;

    /// <summary>How gradients travel.</summary>
    public WireFormat Wire { get; init; } = WireFormat.Float32;

    /// <summary>The all-reduce of all ranks.</summary>
    public CollectiveAlgorithm Algorithm { get; init; } = CollectiveAlgorithm.Ring;
}

/// <summary>Horovod: a thread looks once a cycle at what is complete everywhere and averages it in fused messages.</summary>
public sealed record HorovodModel() : StrategyModel("horovod")
{
    /// <summary>The largest message in bytes as sent.</summary>
    public long FusionBytes { get; init; } = 128 << 20;

    /// <summary>From one look to the next.</summary>
    public double CycleNs { get; init; } = 1e6;

    /// <summary>How gradients travel.</summary>
    public WireFormat Wire { get; init; } = WireFormat.Float32;

    /// <summary>The all-reduce of all ranks.</summary>
    public CollectiveAlgorithm Algorithm { get; init; } = CollectiveAlgorithm.Hierarchical;

    /// <summary>Whether gradients are copied into and out of the fusion buffer.</summary>
    public bool CopiesBuffers { get; init; } = true;
}

/// <summary>DASO: gradients averaged in the node beside backward, parameters exchanged between nodes by one rank of each.</summary>
public sealed record DasoModel() : StrategyModel("daso")
{
    /// <summary>B and W of the cycling phase; all 0: a blocking phase.</summary>
    public DasoSkips Skips { get; init; } = new(4, 1, 1);

    /// <summary>How parameters travel in the blocking phases.</summary>
    public WireFormat BlockingWire { get; init; } = WireFormat.BFloat16;

    /// <summary>How parameters travel in the cycling phase.</summary>
    public WireFormat CyclingWire { get; init; } = WireFormat.Float32;

    /// <summary>
    /// The all-reduce of the blocking phases. 16-bit sums are user-defined operations, which the MPICH family sends by recursive doubling.
    /// </summary>
    public CollectiveAlgorithm BlockingAlgorithm { get; init; } = CollectiveAlgorithm.RecursiveDoubling;

    /// <summary>The all-reduce of the cycling phase.</summary>
    public CollectiveAlgorithm CyclingAlgorithm { get; init; } = CollectiveAlgorithm.Ring;

    /// <summary>The all-reduce of gradients in the node.</summary>
    public CollectiveAlgorithm LocalAlgorithm { get; init; } = CollectiveAlgorithm.Ring;

    /// <summary>Cap in bytes of the buckets in the node.</summary>
    public long BucketBytes { get; init; } = 25 << 20;

    /// <summary>Whether this is the blocking phase.</summary>
    public bool IsBlocking => Skips.Global == 0;
}

/// <summary>Post-local SGD (Lin et al., arXiv 1808.07217): gradients averaged in the node, all ranks' parameters once a period.</summary>
public sealed record PostLocalSgdModel() : StrategyModel("post-local-sgd")
{
    /// <summary>Steps from one average of the parameters to the next.</summary>
    public int Period { get; init; } = 4;

    /// <summary>How parameters travel.</summary>
    public WireFormat Wire { get; init; } = WireFormat.Float32;

    /// <summary>The all-reduce of all ranks.</summary>
    public CollectiveAlgorithm Algorithm { get; init; } = CollectiveAlgorithm.Ring;

    /// <summary>The all-reduce of gradients in the node.</summary>
    public CollectiveAlgorithm LocalAlgorithm { get; init; } = CollectiveAlgorithm.Ring;

    /// <summary>Cap in bytes of the buckets in the node.</summary>
    public long BucketBytes { get; init; } = 25 << 20;
}
