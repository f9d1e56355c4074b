using Daso.Baselines;
using Daso.Communication;
using Daso.Strategies;

namespace Daso.Suites.Rivals;

/// <summary>
/// What rivals DASO, with settings for trainings of some hundred steps: periods are shorter than the papers'. A member here and a line at an
/// experiment is a row of its table.
/// </summary>
public abstract class RivalStrategies
{
    private const int Warmup = 18;
    private const int Period = 12;
    private const long Bucket = 256 << 10;

    // Buckets of a tenth of the models, so that backward hides what it can.
    private protected static DdpSpec Ddp => new() { BucketBytes = Bucket, FirstBucketBytes = Bucket };

    private protected static StrategySpec DdpBf16 => Ddp with { Wire = WireFormat.BFloat16 };

    private protected static HorovodSpec Horovod => new();

    private protected static StrategySpec HorovodBf16 => Horovod with { Wire = WireFormat.BFloat16 };

    private protected static DasoSpec Daso => new()
    {
        Schedule = new DasoSettings { WarmupEpochs = 1, CooldownEpochs = 1 },
        BlockingWire = WireFormat.Float32,
    };

    private protected static DasoSpec DasoBf16 => Daso with { BlockingWire = WireFormat.BFloat16, CyclingWire = WireFormat.BFloat16 };

    private protected static StrategySpec DasoAuto => DasoBf16 with { Schedule = Daso.Schedule with { Auto = Strategies.DasoAuto.WaitAndSkips } };

    private protected static StrategySpec DasoDifferences => DasoBf16 with { Merge = DasoMerge.Differences };

    private protected static StrategySpec PostLocal => new PostLocalSgdSpec { WarmupSteps = Warmup };

    private protected static StrategySpec Hierarchical =>
        new HierarchicalAveragingSpec { WarmupSteps = Warmup, Levels = AveragingLevels.Parse("1:node, 4:all", null) };

    private protected static StrategySpec SlowMo => new SlowMoSpec { Period = Period };

    private protected static DiLoCoSpec DiLoCo => new() { Period = Period };

    private protected static StrategySpec DiLoCoBf16 => DiLoCo with { Wire = WireFormat.BFloat16 };

    private protected static StrategySpec Streaming =>
        DiLoCo with { Fragments = 2, Delay = 2, Mixing = 0.5, OuterLearningRate = 0.4, Wire = WireFormat.BFloat16 };

    private protected static StrategySpec EagerDiLoCo => new EagerDiLoCoSpec { Period = Period };

    private protected static StrategySpec DesLoc => new DesLocSpec { Period = Period, MomentumPeriod = 3 * Period, SquarePeriod = 6 * Period };

    private protected static StrategySpec Edit => new EditSpec { Period = Period };

    private protected static GossipSpec GossipRing => new();

    private protected static StrategySpec GossipBf16 => GossipRing with { Wire = WireFormat.BFloat16 };

    private protected static StrategySpec PushSum => new GossipSpec { Topology = GossipTopology.OnePeerExponential };

    private protected static StrategySpec RandomPairs => new GossipSpec { Topology = GossipTopology.RandomPairs };

    private protected static StrategySpec OverlapSgp => new OverlapSgpSpec();

    private protected static StrategySpec PowerSgd => new PowerSgdSpec { StartSteps = Warmup, Rank = 4 };

    private protected static StrategySpec TopK => new SparseGradientsSpec { Density = 0.05 };

    private protected static StrategySpec SparseLoCo => new SparseLoCoSpec { Period = Period };

    private protected static StrategySpec AdaptiveTopK => new AdaptiveTopKSpec { Density = 0.05, BucketBytes = Bucket };

    private protected static StrategySpec AbTraining => new AbTrainingSpec { WarmupSteps = Warmup, FactorSteps = 30, WholeSteps = 3 };

    private protected static StrategySpec Decent => new DecentSpec();

    private protected static StrategySpec Lasgd => new LasgdSpec();

    private protected static StrategySpec RingAveraging => new RingAveragingSpec { Period = Period, BucketBytes = Bucket };

    private protected static StrategySpec Lsgd => new LsgdSpec { BucketBytes = Bucket };

    private protected static StrategySpec None => new NoCommunicationSpec();
}
