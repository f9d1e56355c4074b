using Daso.Baselines;
using Daso.Communication;
using Daso.Optimization;
using Daso.Prediction;
using Daso.Recording;
using Daso.Strategies;
using Daso.Tests.Cluster;

namespace Daso.Tests.Baselines;

/// <summary>What a strategy says of its steps is what it does in them.</summary>
public sealed class ProgramTests
{
    private const int Steps = 6;

    /// <summary>Three matrices, of which the last is too small for PowerSGD.</summary>
    private static readonly (int Inputs, int Outputs)[] s_layers = [(40, 30), (30, 24), (24, 1)];

    public static TheoryData<StrategySpec> Strategies =>
    [
        new PowerSgdSpec { StartSteps = 0, Rank = 2 },
        new PowerSgdSpec { StartSteps = 0, MinimumRate = 1000 },
        new SparseGradientsSpec { Density = 0.1 },
        new SparseGradientsSpec { Density = 0.1, Selection = SparseSelection.RandomK },
        new FdaSpec { Threshold = 1e9, ExpectedShare = 1e-4 },
        new FdaSpec { Threshold = 0, ExpectedShare = 1 },
        new FdaSpec { Threshold = 1e9, ExpectedShare = 1e-4, Estimate = FdaEstimate.Sketch },
        new GossipSpec(),
        new GossipSpec { Wire = WireFormat.BFloat16, NodeGradients = false },
        new GossipSpec { Topology = GossipTopology.OnePeerExponential, NodeGradients = false },
        new GossipSpec { Topology = GossipTopology.RandomPairs },
        new OverlapSgpSpec { Delay = 2 },
        new OverlapSgpSpec { NodeGradients = false },
        new DesLocSpec { Period = 1, MomentumPeriod = 2, SquarePeriod = 3, Wire = WireFormat.Float16 },
        new DiLoCoSpec { Period = 2, Delay = 1 },
        new EagerDiLoCoSpec { Period = 2 },
        new DecentSpec(),
        new DecentSpec { Topology = DecentTopology.Ring },
        new DecentSpec { Topology = DecentTopology.OnePeerExponential, Wire = WireFormat.BFloat16 },
        new DecentSpec { Topology = DecentTopology.AlternatingExponentialRing },
        new LasgdSpec { Period = 3, Delay = 1 },
        new LasgdSpec { Period = 2, Delay = 0 },
        new LsgdSpec(),
        new RingAveragingSpec { Period = 2, AveragesOptimizer = true },
        new OneBitAdamSpec { FreezeSteps = 2 },
        new AdaptiveTopKSpec { Density = 0.1, LinkRatio = 3 },
        new AdaptiveTopKSpec(),
        new DeMoSpec(),
        new DeMoSpec { Replication = DeMoReplication.Striding },
        new DeMoSpec { NodeGradients = true },
        new SparseLoCoSpec { Period = 2 },
        new SparseLoCoSpec { Period = 3, NodeGradients = false },
        new ZeroOneAdamSpec { VarianceUpdates = 1, VarianceFreezeStep = 2, LocalSteps = 1, MaximumInterval = 2 },
    ];

    [Theory]
    [MemberData(nameof(Strategies))]
    public void A_node_sends_as_many_bytes_as_the_program_says(StrategySpec spec)
    {
        long[] booked = TestCluster.Collect(2, 2, ranks =>
        {
            var recorder = new ByteCount();
            using var run = new RivalRun(spec, ranks, recorder, new AdamWSpec(), s_layers);
            long first = 0;
            for (int step = 0; step < Steps; step++)
            {
                run.Step(rank => rank.Gradients.Fill(1 + ranks.Rank), rank => rank.Parameters.Fill(step * ranks.Rank));
                if (step == 0)
                    first = recorder.Bytes;
            }

            return recorder.Bytes - first;
        });

        StepProgram program = spec.TrainingProgram(Scope, losses: [1], Steps)!;
        // Of one byte a nanosecond, so that the links' time is the bytes.
        var system = new SystemSpec
        {
            Name = "any",
            Nodes = 2,
            RanksPerNode = 2,
            IsInProcess = true,
            IntraNode = new LinkModel(0, 1e9),
            InterNode = new LinkModel(0, 1e9),
        };
        bool sendsToAll = program.Gradients is BucketedGradients { Group: ProgramGroup.World };
        // What is waited for in the first step may have begun before it or not: it is left out.
        ProgramExchange[] waitedFor = [.. Enumerable.Range(1, Steps - 1).SelectMany(step => program.StepAt(step).Actions
            .Where(action => action.Kind == ProgramActionKind.Wait && action.Delay <= step).Select(action => action.Exchange)
            .Concat(sendsToAll && program.StepAt(step).SendsGradients ? [new ProgramExchange(ProgramGroup.World, Scope.Elements, WireFormat.Float32)] : []))];
        double said = waitedFor.Sum(exchange => CommunicationModel.Own(CollectiveAlgorithm.Bound).Time(exchange, system).InterNs);
        Assert.InRange(booked[0] + booked[1], said - waitedFor.Length, said + waitedFor.Length);
        Assert.NotEqual(0, said);
    }

    [Fact]
    public void Power_sgd_is_not_modelled_where_shapes_are_not_known() =>
        Assert.Empty(new PowerSgdSpec().Programs(new ProgramScope(1000, RanksPerNode: 2)));

    [Fact]
    public void A_training_with_power_sgd_begins_with_whole_gradients()
    {
        StepProgram training = new PowerSgdSpec { StartSteps = 3 }.TrainingProgram(Scope, losses: [1, 1], stepsPerEpoch: 5)!;
        Assert.Equal(10, training.Steps.Count);
        Assert.Equal([true, true, true, false], training.Steps.Take(4).Select(step => step.SendsGradients));
        Assert.Equal([0, 0, 0, 6], training.Steps.Take(4).Select(step => step.Actions.Count));
    }

    [Fact]
    public void Phases_are_those_of_both_strategies()
    {
        var spec = new PhasesSpec(new NoCommunicationSpec(), 3, new DesLocSpec { Period = 2, MomentumPeriod = 2, SquarePeriod = 2 });
        Assert.Equal(["first", "then"], spec.Programs(Scope).Select(program => program.Phase));
        StepProgram training = spec.TrainingProgram(Scope, losses: [1], stepsPerEpoch: 6)!;
        Assert.Equal([0, 0, 0, 0, 6, 0], training.Steps.Select(step => step.Actions.Count));
        Assert.Empty(new PhasesSpec(new DdpSpec(), 3, new HierarchicalAveragingSpec { Levels = AveragingLevels.Parse("2:2, 4:all", null) }).Programs(Scope));
    }

    private static ProgramScope Scope => new(s_layers.Sum(layer => (long)layer.Inputs * layer.Outputs), RanksPerNode: 2)
    {
        Nodes = 2,
        Parameters = [.. s_layers.Select(layer => new ProgramParameter(layer.Inputs * layer.Outputs, layer.Outputs))],
    };

    private sealed class ByteCount : IRecorder
    {
        internal long Bytes { get; private set; }

        public long NowNs => 0;

        public void MoveTo(int epoch, int step)
        {
        }

        public void Span(SpanKind kind, long startNs, long durationNs, long bytes = 0, OperationKey? operation = null) => Bytes += bytes;

        public void Metric(string name, double value)
        {
        }

        public void EndStep()
        {
        }
    }
}
