using Daso.Prediction;
using Daso.Reproduction;
using Daso.Strategies;

namespace Daso.Tests.Reproduction;

public class TrainingModelTests
{
    private static readonly int[] s_nodes = [4, 8, 16, 32, 64];

    [Fact]
    public void The_recipes_phases_are_the_papers()
    {
        IReadOnlyList<DasoSkips> skips = TrainingRecipe.ImageNet.SkipsOfEpochs(LossCourse.AlwaysBetter);

        Assert.Equal(90, skips.Count);
        Assert.All(skips.Take(4).Concat(skips.TakeLast(5)), epoch => Assert.Equal(default, epoch));
        Assert.All(skips.Skip(4).SkipLast(5), epoch => Assert.Equal(new DasoSkips(4, 1, 1), epoch));
    }

    [Fact]
    public void A_loss_that_never_falls_cycles_the_skips()
    {
        IReadOnlyList<DasoSkips> skips = TrainingRecipe.ImageNet.SkipsOfEpochs(LossCourse.NeverBetter);

        Assert.All(skips.Skip(4).SkipLast(5), epoch => Assert.Contains(epoch.Global, new[] { 1, 2, 4 }));
        // Three epochs that are no better make a plateau; the first cycling epoch is compared with the warm-up's last.
        Assert.Equal([4, 2, 1, 4, 2, 1], Enumerable.Range(0, 6).Select(plateau => skips[4 + 1 + (3 * plateau)].Global));
    }

    /// <summary>Where every step of every strategy takes the same time, nothing is saved, whatever the assumptions.</summary>
    [Fact]
    public void Equal_steps_save_nothing()
    {
        TrainingModel model = Model((_, _, _) => Step(1e6));
        Assert.All(AssumptionTerm.Combinations(16), assumptions => Assert.Equal(0, model.Predict(assumptions).Saving, 1e-12));
    }

    [Fact]
    public void A_training_is_the_sum_of_its_steps()
    {
        // Horovod 2 ms; DASO 3 ms in a blocking step, 1 ms in a cycling one. 64 × 4 ranks of 256 images: 19 steps an epoch.
        TrainingModel model = Model((_, _, strategy) => Step(strategy.Name == "daso" ? (strategy.Program.Phase == "blocking" ? 3e6 : 1e6) : 2e6));
        PredictedTraining training = model.Predict(new Assumptions { Nodes = 64 });

        Assert.Equal(90 * 19 * 2e6, training.HorovodNs, 1.0);
        Assert.Equal((9 * 19 * 3e6) + (81 * ((18 * 1e6) + 3e6)), training.DasoNs, 1.0);
    }

    [Fact]
    public void The_range_holds_the_ideal_and_each_term_alone()
    {
        SavingPrediction prediction = Juwels();
        for (int i = 0; i < s_nodes.Length; i++)
        {
            PredictedRange range = prediction.Saving[i];
            Assert.InRange(range.Ideal, range.Low, range.High);
            foreach (TermEffect effect in prediction.Terms.Take(AssumptionTerm.Unknown.Count))
                Assert.InRange(effect.Alone[i], range.Low, range.High);
        }
    }

    [Fact]
    public void No_saving_exceeds_what_horovod_loses() => Assert.All(s_nodes, nodes =>
    {
        TrainingModel model = Model(StepFormula.Predict);
        foreach (Assumptions assumptions in AssumptionTerm.Combinations(nodes))
        {
            PredictedTraining training = model.Predict(assumptions);
            Assert.True(training.Saving <= training.HorovodOverhead + 1e-12, assumptions.ToString());
        }
    });

    /// <summary>The closed form against the discrete events, where ranks drift apart: 12 epochs of 20 steps on 16 ranks.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(0.05)]
    [InlineData(0.1)]
    public void The_saving_is_that_of_the_simulation(double jitter)
    {
        const int Nodes = 4, Epochs = 12, Steps = 20;
        var schedule = new DasoSettings { WarmupEpochs = 2, CooldownEpochs = 2 };
        var assumptions = new Assumptions { Nodes = Nodes, Jitter = jitter };
        SystemSpec described = PaperData.System("juwels-booster");
        WorkloadSpec workload = PaperData.Workload("resnet50-imagenet");
        var recipe = new TrainingRecipe(Epochs, Steps * workload.BatchPerRank * Nodes * described.RanksPerNode, schedule);
        double formula = new TrainingModel(described, workload, recipe, StepFormula.Predict).Predict(assumptions).Saving;

        var length = new TrainingLength(Epochs, Steps);
        var scope = new ProgramScope(workload.Elements, described.RanksPerNode);
        double[] losses = [.. Enumerable.Range(0, Epochs).Select(epoch => Math.Pow(0.5, epoch))];
        ModelledStrategy scheduled = assumptions.DasoStrategy(default, scope) with
        {
            Program = DasoProgram.Training(new DasoSpec { Schedule = schedule }, scope, losses, Steps),
        };
        double horovod = StepSimulation.Run(assumptions.ForHorovod(described), workload, assumptions.HorovodStrategy(scope), length).TrainingNs;
        double daso = StepSimulation.Run(assumptions.ForDaso(described), workload, scheduled, length).TrainingNs;

        Assert.Equal(1 - (daso / horovod), formula, 0.02);
    }

    [Fact]
    public void Predictions_repeat_bit_by_bit() => Assert.Equal(Report(), Report());

    /// <summary>The table of the documentation: a change of the model has to be seen and written down there.</summary>
    [Fact]
    public void The_juwels_table_is_the_documented_one()
    {
        string golden = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Reproduction", "golden", "juwels-booster.txt"));
        using var output = new StringWriter();
        Daso.CommandLine.SavingPrinter.Write(Juwels(), Daso.Analysis.SpeedupTable.ConsoleFor(output));

        // A console pads the lines that it wraps.
        string actual = string.Join('\n', output.ToString().Split('\n').Select(line => line.TrimEnd()));
        Assert.Equal(golden.Trim(), actual.Trim(), ignoreLineEndingDifferences: true);
    }

    private static string Report() => ReproductionReport.Of(["saving-imagenet", "bottleneck"], []).ToJson();

    private static SavingPrediction Juwels() => SavingPrediction.Of(Model(StepFormula.Predict), s_nodes, 0.34);

    private static TrainingModel Model(StepPredictor predictor) => new(
        PaperData.System("juwels-booster"), PaperData.Workload("resnet50-imagenet"), TrainingRecipe.ImageNet, predictor);

    private static PredictedStep Step(double ns) => new("step", new StepTerms(ns, 0, 0, 0, 0), ns, ns);
}
