using Daso.Communication;
using Daso.Specification;

namespace Daso.Strategies;

/// <summary>DASO: distributed asynchronous and selective optimization (Coquelin et al. 2022, Journal of Big Data 9:14).</summary>
public sealed record DasoSpec : StrategySpec
{
    /// <summary>The schedule's settings.</summary>
    public DasoSettings Schedule { get; init; } = new();

    /// <summary>How parameters travel between nodes in the blocking phases; in the cycling phase they travel as float32.</summary>
    public WireFormat BlockingWire { get; init; } = WireFormat.BFloat16;

    /// <summary>The largest message of a global synchronisation in elements; the reference's 10 million.</summary>
    public int ChunkElements { get; init; } = 10_000_000;

    /// <summary>Cap in bytes of the buckets in which gradients are averaged inside the node.</summary>
    public long BucketBytes { get; init; } = 25 << 20;

    /// <inheritdoc />
    public override IStrategy Create(StrategyContext context)
    {
        if (ChunkElements < 1)
            throw new UserErrorException($"DASO's {nameof(ChunkElements)} is {ChunkElements}; it must be at least 1");
        return new DasoStrategy(this, context);
    }

    /// <inheritdoc />
    public override void Describe(SpecificationWriter writer) => writer
        .Add("kind", "daso")
        .Add("schedule", Schedule)
        .Add("blockingWire", BlockingWire.ToString())
        .Add("chunkElements", ChunkElements)
        .Add("bucketBytes", BucketBytes);
}
