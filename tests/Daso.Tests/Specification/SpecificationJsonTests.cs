using Daso.Baselines;
using Daso.Communication;
using Daso.Data;
using Daso.Images;
using Daso.Models;
using Daso.Optimization;
using Daso.Recording;
using Daso.Specification;
using Daso.Strategies;

namespace Daso.Tests.Specification;

/// <summary>What every specification says of itself: a change of its JSON makes a run another benchmark than that of yesterday.</summary>
public sealed class SpecificationJsonTests
{
    /// <summary>Of each record one as short as can be, and one with all its settings.</summary>
    internal static IReadOnlyList<(string Name, ISpecification Specification)> All { get; } =
    [
        ("resnet", new ResNetSpec { Depth = 50, Classes = 1000 }),
        ("resnet, all set", new ResNetSpec { Depth = 18, Classes = 10, Stem = StemKind.SmallImage, InputChannels = 1, Width = 16 }),
        ("transformer", new TransformerSpec { Vocabulary = 256, Context = 64, Layers = 2, Heads = 4, Width = 128 }),
        ("synthetic", new SyntheticImages { BatchPerRank = 2 }),
        ("synthetic, all set", new SyntheticImages
        {
            BatchPerRank = 2, SamplesPerEpoch = 64, Channels = 1, Size = 8, Classes = 10, TrainSamples = 100, HeldOutSamples = 20,
        }),
        ("image folder", new ImageFolder { Folder = "/data/imagenet", BatchPerRank = 256 }),
        ("image folder, all set", new ImageFolder
        {
            Folder = "imagenet/", BatchPerRank = 256, SamplesPerEpoch = 512, Classes = 10, Crop = 64, Resize = 72, MinimumArea = 0.25,
            MaximumArea = 0.75, MinimumAspect = 0.5, Flip = false, DecodeThreads = 9,
        }),
        ("idx", new IdxImages { Folder = "/data/mnist", BatchPerRank = 16 }),
        ("idx, all set", new IdxImages
        {
            Folder = "mnist", BatchPerRank = 16, SamplesPerEpoch = 1536, Classes = 2, Mean = 0.5, StandardDeviation = 0.25,
        }),
        ("text", new TextFile { File = "/data/novel.txt.gz", SequenceLength = 64, BatchPerRank = 4 }),
        ("text, all set", new TextFile
        {
            File = "novel.txt", SequenceLength = 64, BatchPerRank = 4, SamplesPerEpoch = 576, HeldOutFraction = 0.02,
        }),
        ("sgd", new SgdSpec(0.9, 1e-4)),
        ("adamw", new AdamWSpec()),
        ("adamw, all set", new AdamWSpec(0.8, 0.95, 1e-6, 0)),
        ("constant", new ConstantRateSpec(0.1)),
        ("cosine", new WarmupCosineSpec { BaseRate = 0.0125, TotalEpochs = 5 }),
        ("cosine, all set", new WarmupCosineSpec
        {
            BaseRate = 0.0125, ScaleWithRanks = true, WarmupEpochs = 1.5, TotalEpochs = 5, MinimumRate = 1e-5,
        }),
        ("plateau", new WarmupPlateauSpec { BaseRate = 0.0125 }),
        ("plateau, all set", new WarmupPlateauSpec
        {
            BaseRate = 0.0125, ScaleWithRanks = true, WarmupEpochs = 1, Factor = 0.1, Patience = 3, Threshold = 0, MinimumRate = 0,
        }),
        ("daso", new DasoSpec()),
        ("daso, heat", new DasoSpec { Schedule = new DasoSettings { Variant = DasoVariant.Heat } }),
        ("daso, all set", new DasoSpec
        {
            Schedule = new DasoSettings
            {
                WarmupEpochs = 1, CooldownEpochs = 2, MaxGlobalSkips = 8, Stability = 0.1, Patience = 3, LocalSkipFactor = 2,
                SkipReductionFactor = 4,
            },
            BlockingWire = WireFormat.Float16, CyclingWire = WireFormat.BFloat16, MasterCopy = false, StalenessFactor = 1,
            MomentumAtMerge = MomentumAtMerge.Average, SynchroniseBatchNorm = true, ShardedDuty = true, ChunkElements = 1000,
            BucketBytes = 1L << 40,
        }),
        ("ddp", new DdpSpec()),
        ("ddp, all set", new DdpSpec { BucketBytes = 1L << 40, FirstBucketBytes = 1, Wire = WireFormat.BFloat16 }),
        ("horovod", new HorovodSpec()),
        ("horovod, all set", new HorovodSpec { FusionBytes = 0, CycleMs = 5, Wire = WireFormat.Float16 }),
        ("none", new NoCommunicationSpec()),
        ("phases", new PhasesSpec(new DdpSpec(), 1L << 40, new DasoSpec())),
        ("sgd, all set", new SgdSpec(0.9, 1e-4) { Nesterov = true }),
        ("heat", new HeatRateSpec()),
        ("goyal", new GoyalRateSpec { BatchPerRank = 256 }),
        ("image folder, evaluated whole", new ImageFolder { Folder = "imagenet", BatchPerRank = 256, EvaluationCrop = 256 }),
        ("link", new LinkSpec(1e9, 50_000)),
        ("post-local SGD", new PostLocalSgdSpec()),
        ("hierarchical averaging", new HierarchicalAveragingSpec()),
        ("slow momentum", new SlowMoSpec()),
        ("diLoCo", new DiLoCoSpec()),
        ("edit", new EditSpec()),
        ("drift", new FdaSpec()),
        ("gossip", new GossipSpec()),
    ];

    /// <summary>Names, order, values and with them the hashes, as in <c>specifications.txt</c>: name, JSON and SHA-256 of each.</summary>
    [Fact]
    public void Every_specification_says_what_it_said()
    {
        IEnumerable<string> lines = All.Select(one =>
            $"{one.Name}\n{SpecificationWriter.ToJson(one.Specification).ToJsonString()}\n{Manifest.Hash(SpecificationWriter.ToJson(one.Specification))}\n");
        string golden = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Specification/golden/specifications.txt"));
        Assert.Equal(golden, string.Join('\n', lines), ignoreLineEndingDifferences: true);
    }
}
