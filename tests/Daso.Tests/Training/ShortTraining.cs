using Daso.Baselines;
using Daso.Cluster;
using Daso.Communication;
using Daso.Data;
using Daso.Models;
using Daso.Optimization;
using Daso.Recording;
using Daso.Specification;
using Daso.Strategies;
using Daso.Tests.Cluster;
using Daso.Training;
using static TorchSharp.torch;

namespace Daso.Tests.Training;

/// <summary>A training of 20 steps in 4 epochs on 2 × 2 ranks that takes some hundredths of a second.</summary>
internal static class ShortTraining
{
    internal const int Epochs = 4;
    internal const int StepsPerEpoch = 5;
    internal const int Steps = Epochs * StepsPerEpoch;
    internal const int Ranks = 4;
    internal const string Specification = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    internal static readonly Topology Cluster = new(2, 2);
    internal static readonly CellId Cell = new("tiny", "strategy", 1);

    internal static readonly DataSpec Data = new SyntheticImages
    {
        BatchPerRank = 2,
        Channels = 1,
        Size = 4,
        Classes = 4,
        TrainSamples = 2 * Ranks * StepsPerEpoch,
        HeldOutSamples = 2 * Ranks,
    };

    /// <summary>Every strategy, DASO's options, and both optimizers; DASO cycles from the second epoch to the third.</summary>
    internal static readonly (StrategySpec Strategy, OptimizerSpec Optimizer)[] Kinds =
    [
        (new DasoSpec { Schedule = Cycling(DasoVariant.Paper), ChunkElements = 50 }, new SgdSpec(Momentum: 0.9, WeightDecay: 1e-4)),
        (new DasoSpec { Schedule = Cycling(DasoVariant.Paper) with { MaxGlobalSkips = 8 } }, new AdamWSpec()),
        (new DasoSpec { Schedule = Cycling(DasoVariant.Heat) }, new SgdSpec(Momentum: 0.9, WeightDecay: 0)),
        (new DdpSpec(), new AdamWSpec()),
        (new HorovodSpec { CycleMs = 0 }, new SgdSpec(Momentum: 0.9, WeightDecay: 1e-4)),
        (new NoCommunicationSpec(), new SgdSpec(Momentum: 0.9, WeightDecay: 1e-4)),
        (new DasoSpec
        {
            Schedule = Cycling(DasoVariant.Paper),
            ShardedDuty = true,
            CyclingWire = WireFormat.BFloat16,
            MomentumAtMerge = MomentumAtMerge.Average,
        }, new AdamWSpec()),
        (new DasoSpec
        {
            Schedule = Cycling(DasoVariant.Heat),
            CyclingWire = WireFormat.Float16,
            MomentumAtMerge = MomentumAtMerge.Reset,
            SynchroniseBatchNorm = true,
        }, new SgdSpec(Momentum: 0.9, WeightDecay: 0)),
        (new PhasesSpec(new DdpSpec(), 7, new NoCommunicationSpec()), new SgdSpec(Momentum: 0.9, WeightDecay: 1e-4)),
        (new PostLocalSgdSpec { WarmupSteps = 6 }, new SgdSpec(Momentum: 0.9, WeightDecay: 1e-4)),
        (new HierarchicalAveragingSpec { WarmupSteps = 3, Levels = AveragingLevels.Parse("2:node, 4:all", null) }, new AdamWSpec()),
        (new SlowMoSpec { Period = 4, AveragingPeriod = 3 }, new SgdSpec(Momentum: 0.9, WeightDecay: 1e-4)),
        (new DiLoCoSpec { Period = 6, Fragments = 2, Delay = 2, Mixing = 0.5, Wire = WireFormat.BFloat16 }, new AdamWSpec()),
        (new EditSpec { Period = 3, AnomalyWarmup = 2 }, new AdamWSpec()),
        (new FdaSpec { Threshold = 1e-3 }, new SgdSpec(Momentum: 0.9, WeightDecay: 0)),
        (new GossipSpec(), new SgdSpec(Momentum: 0.9, WeightDecay: 1e-4)),
        (new GossipSpec { Topology = GossipTopology.OnePeerExponential, NodeGradients = false, Wire = WireFormat.BFloat16 }, new AdamWSpec()),
        (new GossipSpec { Topology = GossipTopology.RandomPairs }, new AdamWSpec()),
        (new OverlapSgpSpec { Delay = 2 }, new SgdSpec(Momentum: 0.9, WeightDecay: 0)),
        (new DesLocSpec { Period = 2, MomentumPeriod = 3, SquarePeriod = 5, Wire = WireFormat.BFloat16 }, new AdamWSpec()),
        (new EagerDiLoCoSpec { Period = 3 }, new AdamWSpec()),
        (new EditSpec { Seconds = 0, WarmupSteps = 2, AnomalyWarmup = 2 }, new AdamWSpec()),
        (new FdaSpec { Threshold = 1e-3, Estimate = FdaEstimate.Sketch }, new AdamWSpec()),
        (new DiLoCoSpec { Period = 4 }, new MuonSpec { SparesEnds = false }),
        (new DecentSpec { Topology = DecentTopology.OnePeerExponential, BucketBytes = 400 }, new AccumAdamWSpec(AccumulatedSteps: 3)),
        (new DecentSpec { Topology = DecentTopology.AlternatingExponentialRing, AveragedShare = 0.5 }, new SgdSpec(Momentum: 0.9, WeightDecay: 0)),
        (new LasgdSpec { Period = 3, Delay = 2, Wire = WireFormat.BFloat16 }, new AdamWSpec()),
        (new LsgdSpec(), new SgdSpec(Momentum: 0.9, WeightDecay: 0)),
        (new RingAveragingSpec { Period = 3, AveragesOptimizer = true, Wire = WireFormat.Float16 }, new AdamWSpec()),
        (new SparseGradientsSpec { Density = 0.1 }, new AdamWSpec()),
        (new SparseGradientsSpec { Density = 0.1, Selection = SparseSelection.RandomK }, new SgdSpec(Momentum: 0.9, WeightDecay: 0)),
        (new PowerSgdSpec { StartSteps = 4, MinimumRate = 0.5 }, new SgdSpec(Momentum: 0.9, WeightDecay: 0)),
        (new OneBitAdamSpec { FreezeSteps = 6, WeightDecay = 1e-2 }, new AdamWSpec()),
        (new AdaptiveTopKSpec { Density = 0.1, LinkRatio = 3 }, new AdamWSpec()),
        (new AdaptiveTopKSpec { Density = 0.1 }, new SgdSpec(Momentum: 0.9, WeightDecay: 0)),
        (new AbTrainingSpec { WarmupSteps = 3, FactorSteps = 4, WholeSteps = 2 }, new AdamWSpec()),
        (new DeMoSpec { TopK = 4, ChunkSize = 4, WeightDecay = 1e-2 }, new AdamWSpec()),
        (new DeMoSpec { Replication = DeMoReplication.Striding, NodeGradients = true }, new AdamWSpec()),
        (new SparseLoCoSpec { Period = 3, TopK = 5, ChunkSize = 4 }, new AdamWSpec()),
        (new LayerOwnersSpec { Period = 3 }, new AdamWSpec()),
        (new ZeroOneAdamSpec { VarianceUpdates = 2, VarianceFreezeStep = 7, LocalSteps = 4, MaximumInterval = 3 }, new AdamWSpec()),
    ];

    /// <summary>What a training of one of the <see cref="Kinds"/> came to on every rank.</summary>
    /// <param name="kind">Which.</param>
    /// <param name="checkpoints">Where it is saved, if anywhere.</param>
    /// <param name="recorderOf">A rank's recorder; may throw, to end the training.</param>
    /// <param name="link">Between the nodes.</param>
    internal static TrainingOutcome[] Run(
        int kind, CheckpointPlan? checkpoints = null, Func<int, IRecorder>? recorderOf = null, string? link = null)
    {
        using IDataset data = Data.Open();
        TrainingPlan plan = Plan(kind, data) with { Checkpoints = checkpoints };
        return TestCluster.Collect(
            2, 2, ranks => Trainer.Run(plan, ranks, recorderOf?.Invoke(ranks.Rank) ?? NullRecorder.Instance, observer: null), link);
    }

    /// <summary>The training of one of the <see cref="Kinds"/>.</summary>
    internal static TrainingPlan Plan(int kind, IDataset data) => new(
        new TinyModel(),
        data,
        Kinds[kind].Optimizer,
        new WarmupPlateauSpec { BaseRate = 0.05, WarmupEpochs = 1, Patience = 0, Threshold = 0.9 },
        Kinds[kind].Strategy,
        Seed: 1,
        Epochs,
        MaximumSteps: null,
        WarmupSteps: 0);

    internal static CheckpointSeries Series(string folder) => new(folder, Specification, Cell, Cluster);

    private static DasoSettings Cycling(DasoVariant variant) => new() { Variant = variant, WarmupEpochs = 1, CooldownEpochs = 1 };

    /// <summary>Two linear layers and a batch norm, whose statistics differ from rank to rank, around a frozen layer.</summary>
    internal sealed record TinyModel : ModelSpec
    {
        public override LayeredModel Build(int seed)
        {
            using var generator = new Generator((ulong)seed, CPU);
            var first = nn.Linear(16, 8);
            var frozen = nn.Linear(8, 8);
            var last = nn.Linear(8, 4);
            foreach (var layer in new[] { first, frozen, last })
                Fill(layer, generator);
            foreach (var parameter in frozen.parameters())
                parameter.requires_grad = false;
            return new LayeredModel(
                "tiny",
                ("first", nn.Sequential(("flat", nn.Flatten()), ("linear", first), ("norm", nn.BatchNorm1d(8)), ("relu", nn.ReLU()))),
                ("frozen", frozen),
                ("last", last));
        }

        public override void Describe(SpecificationWriter writer) => writer.Add("kind", "tiny");

        private static void Fill(nn.Module layer, Generator generator)
        {
            using var _ = no_grad();
            foreach (var parameter in layer.parameters())
                parameter.uniform_(-0.3, 0.3, generator);
        }
    }
}
