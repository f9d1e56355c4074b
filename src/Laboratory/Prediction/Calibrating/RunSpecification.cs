using System.Text.Json.Nodes;
using Daso.Communication;
using Daso.Models;
using Daso.Specification;
using Daso.Strategies;

namespace Daso.Prediction.Calibrating;

/// <summary>Reads back from a run's specification what the model of a step needs to know of models and strategies.</summary>
internal static class RunSpecification
{
    /// <summary>A model of this project; null: another.</summary>
    internal static ModelSpec? Model(JsonObject model) => SpecificationReader.Read<ModelSpec>(model, SpecificationKinds.All);

    /// <summary>A strategy of this project with its all-reduce; null: another, or a setting that the model does not have.</summary>
    internal static StrategyModel? Strategy(JsonObject strategy, CollectiveAlgorithm algorithm)
    {
        var settings = new SpecificationReader(strategy, SpecificationKinds.All);
        return settings.Text("kind") switch
        {
            "none" => new NoCommunicationModel(),
            "ddp" => new DdpModel
            {
                BucketBytes = settings.Int64("bucketBytes"),
                FirstBucketBytes = settings.Int64("firstBucketBytes"),
                Wire = settings.Parsed<WireFormat>("wire"),
                Algorithm = algorithm,
                UsesMpi = true,
            },
            "horovod" => new HorovodModel
            {
                FusionBytes = settings.Int64("fusionBytes"),
                CycleNs = settings.Int32("cycleMs") * 1e6,
                Wire = settings.Parsed<WireFormat>("wire"),
                Algorithm = algorithm,
                UsesMpi = true,
                CopiesBuffers = false,
            },
            _ => Daso(strategy) is { ShardedDuty: false, MomentumAtMerge: not MomentumAtMerge.Average } daso ? Model(daso, algorithm) : null,
        };
    }

    /// <summary>DASO's schedule; null: another strategy.</summary>
    internal static DasoSettings? Schedule(JsonObject strategy) => Daso(strategy)?.Schedule;

    private static DasoModel Model(DasoSpec daso, CollectiveAlgorithm algorithm) => new()
    {
        BlockingWire = daso.BlockingWire,
        CyclingWire = daso.CyclingWire,
        BlockingAlgorithm = algorithm,
        CyclingAlgorithm = algorithm,
        LocalAlgorithm = algorithm,
        BucketBytes = daso.BucketBytes,
        UsesMpi = true,
    };

    private static DasoSpec? Daso(JsonObject strategy) =>
        SpecificationReader.Read<StrategySpec>(strategy, SpecificationKinds.All) as DasoSpec;
}
