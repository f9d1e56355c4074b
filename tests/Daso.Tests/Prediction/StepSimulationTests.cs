using CsCheck;
using Daso.Prediction;
using Daso.Prediction.Simulation;
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

    private static readonly Gen<StrategyModel> s_strategies = Gen.OneOf<StrategyModel>(
        Gen.Const<StrategyModel>(new NoCommunicationModel()),
        Gen.Int[0, (int)CollectiveAlgorithm.Chain].Select(algorithm =>
            (StrategyModel)new DdpModel { Algorithm = (CollectiveAlgorithm)algorithm }),
        Gen.Const<StrategyModel>(new HorovodModel { CycleNs = 777_777 }),
        Gen.Const<StrategyModel>(new DasoModel { Skips = default, UsesMpi = true }),
        Gen.Int[2, 8].Select(Gen.Int[1, 7]).Select((skips, wait) =>
            (StrategyModel)new DasoModel { Skips = new DasoSkips(skips, 1, Math.Min(wait, skips - 1)), UsesMpi = true }),
        Gen.Int[1, 6].Select(period => (StrategyModel)new PostLocalSgdModel { Period = period }));

    [Fact]
    public void WithoutJitterItIsTheFormula() =>
        Gen.Select(s_systems, s_strategies).Sample((system, strategy) =>
        {
            double formula = StepFormula.Predict(system, Clusters.ResNet50, strategy).StepNs;

            double simulated = SteadyStepNs(system, strategy);

            Assert.Equal(formula, simulated, formula * 1e-6);
        });

    [Fact]
    public void WhereDasoMergesInTheStepOfTheNextSendTheFormulaIsABound() =>
        Gen.Select(s_systems, Gen.Int[1, 4]).Sample((system, skips) =>
        {
            var daso = new DasoModel { Skips = new DasoSkips(skips, 1, skips), UsesMpi = true };

            Assert.True(SteadyStepNs(system, daso) <= StepFormula.Predict(system, Clusters.ResNet50, daso).StepNs * (1 + 1e-6));
        });

    [Fact]
    public void MoreBandwidthIsNeverSlower() =>
        Gen.Select(s_systems, s_strategies, Gen.Double[1, 10]).Sample((system, strategy, factor) =>
        {
            SystemSpec faster = system with
            {
                InterNode = system.InterNode with { BytesPerSecond = system.InterNode.BytesPerSecond * factor },
            };

            // A look of Horovod's thread may just miss a gradient on the faster link: at most a cycle.
            double slack = strategy is HorovodModel horovod ? horovod.CycleNs : 1;
            Assert.True(StepNs(faster, strategy) <= StepNs(system, strategy) + slack);
        });

    [Fact]
    public void NoStepIsShorterThanItsComputingNorThanItsBytesOnTheLink() =>
        Gen.Select(s_systems, s_strategies, Gen.Int[1, 4]).Sample((system, strategy, cores) =>
        {
            SystemSpec shared = system with { SharedCores = cores };
            double computing = Clusters.ResNet50.ComputeNs;
            double bytes = Clusters.ResNet50.Elements * 4.0;
            double link = strategy is DdpModel or HorovodModel
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

        Assert.Equal(4, StepNs(system, new NoCommunicationModel()) / Clusters.ResNet50.ComputeNs, 0.001);
    }

    [Fact]
    public void AnOperationInsideAProcessHasNoOverhead()
    {
        SystemSpec system = Clusters.Juwels(1) with { IsInProcess = true, SharedCores = 4, ReduceNsPerByte = 0.5 };
        StrategyModel ddp = StrategyModels.Of("ddp", system);

        Assert.Equal(StepNs(system, ddp), StepNs(system with { OverheadNs = 5e6 }, ddp));
    }

    [Fact]
    public void JitterCostsWhatOrderStatisticsSay()
    {
        SystemSpec system = Clusters.Juwels(16) with { JitterPerStep = 0.02, InterNode = new LinkModel(0, 1e15) };
        var ddp = new DdpModel();

        double simulated = StepSimulation.Run(system, Clusters.ResNet50, ddp, new TrainingLength(1, 400)).StepNs;

        double formula = StepFormula.Predict(system, Clusters.ResNet50, ddp).StepNs;
        Assert.Equal(formula, simulated, formula * 0.004);
    }

    [Fact]
    public void DasoPaysForJitterLessThanDdp()
    {
        SystemSpec system = Clusters.Juwels(32) with { JitterPerStep = 0.03 };
        double Loss(StrategyModel strategy) => StepNs(system, strategy) - StepNs(system with { JitterPerStep = 0 }, strategy);

        Assert.True(Loss(new DasoModel()) < 0.7 * Loss(new DdpModel()));
    }

    [Fact]
    public void WithoutProgressNothingOfDasosExchangeIsHidden()
    {
        SystemSpec system = Clusters.Juwels(8);
        var daso = new DasoModel { UsesMpi = true };
        double exchange = CollectiveCost.AllReduce(
            CollectiveAlgorithm.Ring, Clusters.ResNet50.Elements * 4.0, GroupShape.Global(system), system).TotalNs;

        double difference = SteadyStepNs(system with { HasMpiProgress = false }, daso) - SteadyStepNs(system, daso);

        Assert.Equal(exchange / 4, difference, 1);
    }

    [Fact]
    public void FixedSkipsAreTheSchedulesOwn()
    {
        const int Steps = 40;
        var settings = new DasoSettings { WarmupEpochs = 0, CooldownEpochs = 0, MaxGlobalSkips = 4 };

        IReadOnlyList<DasoStep> schedule = DasoTimeline.Of(settings, groups: 3, losses: [1], Steps);
        IReadOnlyList<DasoStep> phase = DasoTimeline.Of(new DasoSkips(4, 1, 1), groups: 3, Steps);

        for (int step = 0; step < Steps - 4; step++)
            Assert.Equal(schedule[step].Actions, phase[step].Actions);
    }

    [Fact]
    public void TheSameSeedGivesTheSameTimes()
    {
        SystemSpec system = Clusters.Juwels(4) with { JitterPerStep = 0.05, JitterPerRank = 0.02 };
        SimulatedTraining Run(int seed) =>
            StepSimulation.Run(system, Clusters.ResNet50, new DasoModel(), new TrainingLength(1, 20), seed);

        Assert.Equal(Run(1), Run(1));
        Assert.NotEqual(Run(1).TrainingNs, Run(2).TrainingNs);
    }

    [Fact]
    public void TermsAddUpToTheStep() =>
        Gen.Select(s_systems, s_strategies).Sample((system, strategy) =>
        {
            SimulatedTraining training = StepSimulation.Run(
                system with { JitterPerStep = 0.05 }, Clusters.ResNet50, strategy, new TrainingLength(2, 12));

            Assert.Equal(training.StepNs, training.Terms.TotalNs, training.StepNs * 1e-6);
        });

    [Fact]
    public void FourThousandRanksAreSimulated()
    {
        SystemSpec system = Clusters.Juwels(1024) with { JitterPerStep = 0.02 };

        SimulatedTraining training = StepSimulation.Run(system, Clusters.ResNet50, new DasoModel(), new TrainingLength(1, 100));

        Assert.Equal(100, training.Steps);
        Assert.InRange(training.StepNs, Clusters.ResNet50.ComputeNs, 2 * Clusters.ResNet50.ComputeNs);
    }

    private static double StepNs(SystemSpec system, StrategyModel strategy) =>
        StepSimulation.Run(system, Clusters.ResNet50, strategy, new TrainingLength(1, 24)).StepNs;

    /// <summary>A step's mean between two lengths, in which beginning and end cancel out; both are whole numbers of all periods.</summary>
    private static double SteadyStepNs(SystemSpec system, StrategyModel strategy)
    {
        const int Period = 840;
        int unit = strategy switch
        {
            DasoModel { IsBlocking: false } daso => daso.Skips.Global,
            PostLocalSgdModel local => local.Period,
            _ => 1,
        };
        int few = 6 * unit;
        int many = Math.Min(Period, 16 * unit);
        double Time(int steps) => StepSimulation.Run(system, Clusters.ResNet50, strategy, new TrainingLength(1, steps)).TrainingNs;
        return (Time(many) - Time(few)) / (many - few);
    }
}
