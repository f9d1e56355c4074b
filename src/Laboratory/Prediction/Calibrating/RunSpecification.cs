using System.Text.Json.Nodes;
using Daso.Baselines;
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

    /// <summary>A strategy of this project; null: another.</summary>
    internal static StrategySpec? Strategy(JsonObject strategy) => Text(strategy, "kind") switch
    {
        "none" => new NoCommunicationSpec(),
        "ddp" => new DdpSpec
        {
            BucketBytes = strategy["bucketBytes"]!.GetValue<long>(),
            FirstBucketBytes = strategy["firstBucketBytes"]!.GetValue<long>(),
            Wire = Wire(strategy, "wire"),
        },
        "horovod" => new HorovodSpec
        {
            FusionBytes = strategy["fusionBytes"]!.GetValue<long>(),
            CycleMs = Whole(strategy, "cycleMs"),
            Wire = Wire(strategy, "wire"),
        },
        "daso" => new DasoSpec
        {
            Schedule = Schedule(strategy)!,
            BlockingWire = Wire(strategy, "blockingWire"),
            CyclingWire = Wire(strategy, "cyclingWire"),
            MomentumAtMerge = Enum.Parse<MomentumAtMerge>(Text(strategy, "momentumAtMerge")),
            ShardedDuty = Flag(strategy, "shardedDuty"),
            BucketBytes = strategy["bucketBytes"]!.GetValue<long>(),
        },
        _ => null,
    };

    /// <summary>DASO's schedule.</summary>
    private static DasoSettings? Schedule(JsonObject strategy) => strategy["schedule"] is JsonObject schedule
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
