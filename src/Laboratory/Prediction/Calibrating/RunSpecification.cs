using System.Text.Json.Nodes;
using Daso.Communication;
using Daso.Models;
using Daso.Strategies;

namespace Daso.Prediction.Calibrating;

/// <summary>Reads back from a run's specification what the model of a step needs to know of models and strategies.</summary>
internal static class RunSpecification
{
    /// <summary>A model of this project; null: another.</summary>
    internal static ModelSpec? Model(JsonObject model) => Text(model, "kind") switch
    {
        "resnet" => new ResNetSpec
        {
            Depth = Whole(model, "depth"),
            Classes = Whole(model, "classes"),
            Stem = Enum.Parse<StemKind>(Text(model, "stem")),
            InputChannels = Whole(model, "inputChannels"),
            Width = Whole(model, "width"),
        },
        "transformer" => new TransformerSpec
        {
            Vocabulary = Whole(model, "vocabulary"),
            Context = Whole(model, "context"),
            Layers = Whole(model, "layers"),
            Heads = Whole(model, "heads"),
            Width = Whole(model, "width"),
        },
        _ => null,
    };

    /// <summary>A strategy of this project with its all-reduce; null: another, or a setting that the model does not have.</summary>
    internal static StrategyModel? Strategy(JsonObject strategy, CollectiveAlgorithm algorithm) => Text(strategy, "kind") switch
    {
        "none" => new NoCommunicationModel(),
        "ddp" => new DdpModel
        {
            BucketBytes = Whole(strategy, "bucketBytes"),
            FirstBucketBytes = Whole(strategy, "firstBucketBytes"),
            Wire = Wire(strategy, "wire"),
            Algorithm = algorithm,
            UsesMpi = true,
        },
        "horovod" => new HorovodModel
        {
            FusionBytes = strategy["fusionBytes"]!.GetValue<long>(),
            CycleNs = Whole(strategy, "cycleMs") * 1e6,
            Wire = Wire(strategy, "wire"),
            Algorithm = algorithm,
            UsesMpi = true,
            CopiesBuffers = false,
        },
        "daso" when !Flag(strategy, "shardedDuty") && Text(strategy, "momentumAtMerge") != nameof(MomentumAtMerge.Average) => new DasoModel
        {
            BlockingWire = Wire(strategy, "blockingWire"),
            CyclingWire = Wire(strategy, "cyclingWire"),
            BlockingAlgorithm = algorithm,
            CyclingAlgorithm = algorithm,
            LocalAlgorithm = algorithm,
            BucketBytes = Whole(strategy, "bucketBytes"),
            UsesMpi = true,
        },
        _ => null,
    };

    /// <summary>DASO's schedule.</summary>
    internal static DasoSettings? Schedule(JsonObject strategy) => strategy["schedule"] is JsonObject schedule
        ? new DasoSettings
        {
            Variant = Enum.Parse<DasoVariant>(Text(schedule, "variant")),
            WarmupEpochs = Whole(schedule, "warmupEpochs"),
            CooldownEpochs = Whole(schedule, "cooldownEpochs"),
            MaxGlobalSkips = Whole(schedule, "maxGlobalSkips"),
            Stability = schedule["stability"]!.GetValue<double>(),
            Patience = Whole(schedule, "patience"),
            LocalSkipFactor = Whole(schedule, "localSkipFactor"),
            SkipReductionFactor = Whole(schedule, "skipReductionFactor"),
        }
        : null;

    private static string Text(JsonObject json, string name) => json[name]!.GetValue<string>();

    private static int Whole(JsonObject json, string name) => json[name]!.GetValue<int>();

    private static bool Flag(JsonObject json, string name) => json[name]!.GetValue<bool>();

    private static WireFormat Wire(JsonObject json, string name) => Enum.Parse<WireFormat>(Text(json, name));
}
