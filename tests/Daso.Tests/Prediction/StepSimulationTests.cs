using CsCheck;
using Daso.Baselines;
using Daso.Prediction;
using Daso.Strategies;

namespace Daso.Tests.Prediction;

public class StepSimulationTests
{
    private static readonly Gen<SystemSpec> s_systems =
        from nodes in Gen.Int[1, 5]
        from ranks in Gen.Int[1, 4]
        from cards in Gen.Int[1, 4]
        from latency in Gen.Double[0, 100_000]
        from bandwidth in Gen.Double[1e8, 1e11]
        from overhead in Gen.Double[0, 100_000]
        select new SystemSpec
        {
            Name = "any",
            Nodes = nodes,
            RanksPerNode = ranks,
            IntraNode = new LinkModel(500, 50e9),
            InterNode = new LinkModel(latency, bandwidth),
            CardsPerNode = cards,
            CopyBytesPerSecond = 100e9,
            StagingBytesPerSecond = 20e9,
            OverheadNs = overhead,
        };

    private static readonly Gen<Func<SystemSpec, ModelledStrategy>> s_strategies = Gen.OneOf<Func<SystemSpec, ModelledStrategy>>(
        Gen.Const<Func<SystemSpec, ModelledStrategy>>(None),
        Gen.Int[0, (int)CollectiveAlgorithm.Homes].Select(algorithm => (Func<SystemSpec, ModelledStrategy>)(system =>
            Ddp(system) with { Communication = new CommunicationModel { Ordinary = (CollectiveAlgorithm)algorithm } })),
        Gen.Const<Func<SystemSpec, ModelledStrategy>>(system => Only("horovod", new HorovodSpec(), system)),
        Gen.Const<Func<SystemSpec, ModelledStrategy>>(system => Daso(system, default)),
        Gen.Int[2, 8].Select(Gen.Int[1, 7]).Select((skips, wait) => (Func<SystemSpec, ModelledStrategy>)(system =>
            Daso(system, new DasoSkips(skips, 1, Math.Min(wait, skips - 1))))),
        Gen.Int[2, 6].Select(period => (Func<SystemSpec, ModelledStrategy>)(system => PostLocalSgd(system, period))),
        Gen.Int[0, 3].Select(delay => (Func<SystemSpec, ModelledStrategy>)(system =>
            Only("streaming", new DiLoCoSpec { Period = 8, Fragments = 2, Delay = delay }, system))),
        Gen.Const<Func<SystemSpec, ModelledStrategy>>(system =>
            Only("slow", new SlowMoSpec { Period = 6, AveragingPeriod = 4, Steps = SlowMoSteps.TorchDistX }, system)),
        Gen.Const<Func<SystemSpec, ModelledStrategy>>(system => Only("sparse", new SparseGradientsSpec(), system)));

    [Fact]
    public void WithoutJitterItIsTheFormula() =>
        Gen.Select(s_systems, s_strategies).Sample((system, strategyOn) =>
        {
            ModelledStrategy strategy = strategyOn(system);
            double formula = StepFormula.Predict(system, Clusters.ResNet50, strategy).StepNs;

            double simulated = SteadyStepNs(system, strategy);

            Assert.Equal(formula, simulated, formula * 1e-6);
        });

    [Fact]
    public void WhereDasoMergesInTheStepOfTheNextSendTheFormulaIsABound() =>
        Gen.Select(s_systems, Gen.Int[1, 4]).Sample((system, skips) =>
        {
            ModelledStrategy daso = Daso(system, new DasoSkips(skips, 1, skips));

            Assert.True(SteadyStepNs(system, daso) <= StepFormula.Predict(system, Clusters.ResNet50, daso).StepNs * (1 + 1e-6));
        });

    [Fact]
    public void MoreBandwidthIsNeverSlower() =>
        Gen.Select(s_systems, s_strategies, Gen.Double[1, 10]).Sample((system, strategyOn, factor) =>
        {
            ModelledStrategy strategy = strategyOn(system);
            SystemSpec faster = system with
            {
                InterNode = system.InterNode with { BytesPerSecond = system.InterNode.BytesPerSecond * factor },
            };

            // A look of Horovod's thread may just miss a gradient on the faster link: at most a cycle.
            double slack = strategy.Program.Gradients is QueuedGradients queue ? queue.CycleNs : 1;
            Assert.True(StepNs(faster, strategy) <= StepNs(system, strategy) + slack);
        });

    [Fact]
    public void NoStepIsShorterThanItsComputingNorThanItsBytesOnTheLink() =>
        Gen.Select(s_systems, s_strategies, Gen.Int[1, 4]).Sample((system, strategyOn, cores) =>
        {
            ModelledStrategy strategy = strategyOn(system);
            SystemSpec shared = system with { SharedCores = cores };
            double computing = Clusters.ResNet50.ComputeNs;
            double bytes = Clusters.ResNet50.Elements * 4.0;
            double link = strategy.Program.Gradients is QueuedGradients or BucketedGradients { Group: ProgramGroup.World }
                ? CollectiveCost.AllReduce(CollectiveAlgorithm.Bound, bytes, GroupShape.World(system), system).InterNs
                : 0;

            Assert.True(StepNs(system, strategy) >= Math.Max(computing, link) * (1 - 1e-9));
            double contended = computing * Math.Max(1, (double)system.Ranks / cores);
            Assert.True(StepNs(shared, strategy) >= Math.Max(contended, link) * (1 - 1e-9));
        });

    [Fact]
    public void RanksThatShareCoresTakeTurns()
    {
        SystemSpec system = Clusters.Juwels(2) with { SharedCores = 2 };

        Assert.Equal(4, StepNs(system, None(system)) / Clusters.ResNet50.ComputeNs, 0.001);
    }

    [Fact]
    public void AnOperationInsideAProcessHasNoOverhead()
    {
        SystemSpec system = Clusters.Juwels(1) with { IsInProcess = true, SharedCores = 4, ReduceNsPerByte = 0.5 };
        ModelledStrategy ddp = Ddp(system);

        Assert.Equal(StepNs(system, ddp), StepNs(system with { OverheadNs = 5e6 }, ddp));
    }

    [Fact]
    public void JitterCostsWhatOrderStatisticsSay()
    {
        SystemSpec system = Clusters.Juwels(16) with { JitterPerStep = 0.02, InterNode = new LinkModel(0, 1e15) };
        ModelledStrategy ddp = Ddp(system);

        double simulated = StepSimulation.Run(system, Clusters.ResNet50, ddp, new TrainingLength(1, 400)).StepNs;

        double formula = StepFormula.Predict(system, Clusters.ResNet50, ddp).StepNs;
        Assert.Equal(formula, simulated, formula * 0.004);
    }

    [Fact]
    public void DasoPaysForJitterLessThanDdp()
    {
        SystemSpec system = Clusters.Juwels(32) with { JitterPerStep = 0.03 };
        double Loss(ModelledStrategy strategy) => StepNs(system, strategy) - StepNs(system with { JitterPerStep = 0 }, strategy);

        Assert.True(Loss(Daso(system, Cycling)) < 0.7 * Loss(Ddp(system)));
    }

    [Fact]
    public void WithoutProgressNothingOfDasosExchangeIsHidden()
    {
        SystemSpec system = Clusters.Juwels(8);
        ModelledStrategy daso = Daso(system, Cycling);
        double exchange = CollectiveCost.AllReduce(
            CollectiveAlgorithm.Ring, Clusters.ResNet50.Elements * 4.0, GroupShape.Global(system), system).TotalNs;

        double difference = SteadyStepNs(system with { HasMpiProgress = false }, daso) - SteadyStepNs(system, daso);

        Assert.Equal(exchange / 4, difference, 1);
    }

    [Fact]
    public void FixedSkipsAreTheSchedulesOwn()
    {
        const int Steps = 40;
        var spec = new DasoSpec { Schedule = new DasoSettings { WarmupEpochs = 0, CooldownEpochs = 0, MaxGlobalSkips = 4 } };
        var scope = new ProgramScope(1000, RanksPerNode: 3);

        StepProgram training = DasoProgram.Training(spec, scope, losses: [1], Steps);
        StepProgram phase = DasoProgram.Phase(spec, Cycling, scope);

        Assert.Equal(12, phase.Steps.Count);
        for (int step = 0; step < Steps - 4; step++)
            Assert.Equal(training.Steps[step].Actions, phase.StepAt(step).Actions);
    }

    [Fact]
    public void APeriodCanBeginWithTheMergeOfTheOneBefore()
    {
        StepProgram phase = DasoProgram.Phase(new DasoSpec(), new DasoSkips(2, 1, 2), new ProgramScope(1000, RanksPerNode: 1));

        Assert.Equal(
            [ProgramActionKind.Start, ProgramActionKind.Wait, ProgramActionKind.NodeBroadcast],
            phase.Steps[0].Actions.Select(action => action.Kind));
        Assert.Equal(2, phase.Steps[0].Actions[1].Delay);
        Assert.Empty(phase.Steps[1].Actions);
    }

    [Fact]
    public void TheSameSeedGivesTheSameTimes()
    {
        SystemSpec system = Clusters.Juwels(4) with { JitterPerStep = 0.05, JitterPerRank = 0.02 };
        SimulatedTraining Run(int seed) =>
            StepSimulation.Run(system, Clusters.ResNet50, Daso(system, Cycling), new TrainingLength(1, 20), seed);

        Assert.Equal(Run(1), Run(1));
        Assert.NotEqual(Run(1).TrainingNs, Run(2).TrainingNs);
    }

    [Fact]
    public void TermsAddUpToTheStep() =>
        Gen.Select(s_systems, s_strategies).Sample((system, strategyOn) =>
        {
            ModelledStrategy strategy = strategyOn(system);
            SimulatedTraining training = StepSimulation.Run(
                system with { JitterPerStep = 0.05 }, Clusters.ResNet50, strategy, new TrainingLength(2, 12));

            Assert.Equal(training.StepNs, training.Terms.TotalNs, training.StepNs * 1e-6);
        });

    [Fact]
    public void FourThousandRanksAreSimulated()
    {
        SystemSpec system = Clusters.Juwels(1024) with { JitterPerStep = 0.02 };

        SimulatedTraining training = StepSimulation.Run(system, Clusters.ResNet50, Daso(system, Cycling), new TrainingLength(1, 100));

        Assert.Equal(100, training.Steps);
        Assert.InRange(training.StepNs, Clusters.ResNet50.ComputeNs, 2 * Clusters.ResNet50.ComputeNs);
    }

    private static DasoSkips Cycling => new(4, 1, 1);

    private static ModelledStrategy None(SystemSpec system) => Only("none", new NoCommunicationSpec(), system);

    private static ModelledStrategy Ddp(SystemSpec system) => Only("ddp", new DdpSpec(), system);

    private static ModelledStrategy Daso(SystemSpec system, DasoSkips skips) =>
        new("daso", DasoProgram.Phase(new DasoSpec(), skips, Scope(system)), new CommunicationModel());

    private static ModelledStrategy PostLocalSgd(SystemSpec system, int period) =>
        Only("local", new PostLocalSgdSpec { WarmupSteps = 0, Period = period }, system);

    private static ModelledStrategy Only(string name, StrategySpec strategy, SystemSpec system) =>
        Assert.Single(ModelledStrategy.Phases(name, strategy.Programs(Scope(system)), system));

    private static ProgramScope Scope(SystemSpec system) => new(Clusters.ResNet50.Elements, system.RanksPerNode);

    private static double StepNs(SystemSpec system, ModelledStrategy strategy) =>
        StepSimulation.Run(system, Clusters.ResNet50, strategy, new TrainingLength(1, 24)).StepNs;

    /// <summary>A step's mean between two lengths, in which beginning and end cancel out; both are whole numbers of all periods.</summary>
    private static double SteadyStepNs(SystemSpec system, ModelledStrategy strategy)
    {
        const int Period = 840;
        int unit = strategy.Program.Steps.Count > 16 ? (int)strategy.Program.StepsPerExchange : strategy.Program.Steps.Count;
        int few = 6 * unit;
        int many = Math.Min(Period, 16 * unit);
        double Time(int steps) => StepSimulation.Run(system, Clusters.ResNet50, strategy, new TrainingLength(1, steps)).TrainingNs;
        return (Time(many) - Time(few)) / (many - few);
    }
}
