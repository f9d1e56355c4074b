using System.Text.Json.Nodes;
using Daso.Analysis;
using Daso.Optimization;
using Daso.Recording;
using Daso.Reproduction;
using Daso.Specification;

namespace Daso.Tests.Reproduction;

/// <summary>A run speaks of a claim in the claim's setting only.</summary>
public class RunEvidenceTests
{
    private const int Steps = 100;
    private static readonly RecordedCluster s_cluster = new(2, 2, "cpu");
    private static readonly RecordedLink s_link = new(500e6, 50_000);

    [Fact]
    public void Savings_are_paired_by_seed()
    {
        Measured measured = Assert.IsType<Measured>(RunEvidence.Of(Summary(s_cluster, s_link, Steps), PaperDataTests.Get("saving-small")));

        Assert.Equal(2, measured.Nodes);
        Assert.Equal([0.5, 0.25], measured.Values);
    }

    [Fact]
    public void Quality_and_traffic_are_compared_with_the_baseline()
    {
        RunSummary summary = Summary(s_cluster, s_link, Steps);

        Assert.All(RunEvidence.Of(summary, PaperDataTests.Get("accuracy-small"))!.Values, loss => Assert.Equal(0.01, loss, 1e-12));
        Assert.All(RunEvidence.Of(summary, PaperDataTests.Get("traffic-small"))!.Values, ratio => Assert.Equal(0.4, ratio, 1e-12));
    }

    /// <summary>Without communication seed 1 took 60 where DASO took 50, and seed 2 took 140 where DASO took 150.</summary>
    [Fact]
    public void Times_below_the_floor_are_left_out_and_told()
    {
        RunSummary summary = Summary(s_cluster, s_link, Steps);
        StrategySummary floor = StrategySummary.Of("none", false, [Cell(1, 60, 0.9, 0, Steps), Cell(2, 140, 0.9, 0, Steps)], []);
        ExperimentSummary experiment = summary.Experiments[0];
        summary = summary with { Experiments = [experiment with { Strategies = [.. experiment.Strategies, floor] }] };

        Measured time = RunEvidence.Of(summary, PaperDataTests.Get("saving-small"))!;
        Assert.Equal([0.25], time.Values);
        Assert.Equal([1], time.DisturbedSeeds);
        Assert.Equal(2, RunEvidence.Of(summary, PaperDataTests.Get("accuracy-small"))!.Values.Count);
    }

    [Fact]
    public void Another_setting_says_nothing()
    {
        Claim claim = PaperDataTests.Get("saving-small");

        Assert.Null(RunEvidence.Of(Summary(s_cluster with { Nodes = 4 }, s_link, Steps), claim));
        Assert.Null(RunEvidence.Of(Summary(s_cluster with { Device = "cuda" }, s_link, Steps), claim));
        Assert.Null(RunEvidence.Of(Summary(s_cluster, null, Steps), claim));
        Assert.Null(RunEvidence.Of(Summary(s_cluster, s_link with { BitsPerSecond = 1e9 }, Steps), claim));
    }

    [Fact]
    public void A_training_that_was_cut_short_says_nothing() =>
        Assert.Null(RunEvidence.Of(Summary(s_cluster, s_link, Steps - 1), PaperDataTests.Get("saving-small")));

    /// <summary>64 nodes, right data and epochs, but an emulated link: the paper's claim is of a real network.</summary>
    [Fact]
    public void An_emulated_link_is_no_reproduction_of_the_papers_saving()
    {
        Claim claim = PaperDataTests.Get("saving-imagenet");
        var cluster = new RecordedCluster(64, 4, "cuda");
        const int PaperSteps = 90 * 19;

        Assert.NotNull(RunEvidence.Of(Summary(cluster, null, PaperSteps, "imagenet-resnet50"), claim));
        Assert.Null(RunEvidence.Of(Summary(cluster, s_link, PaperSteps, "imagenet-resnet50"), claim));
    }

    [Fact]
    public void A_run_by_another_recipe_is_no_evidence_of_the_papers()
    {
        Claim claim = PaperDataTests.Get("top1-imagenet");

        Assert.True(RunEvidence.HasRecipe(claim, Of(new HeatRateSpec())));
        Assert.False(RunEvidence.HasRecipe(claim, Of(new GoyalRateSpec { BatchPerRank = 256 })));
        Assert.False(RunEvidence.HasRecipe(claim, null));
        Assert.True(RunEvidence.HasRecipe(PaperDataTests.Get("saving-small"), null));

        static JsonObject Of(LearningRateSpec rate) => new() { ["learningRate"] = SpecificationWriter.ToJson(rate) };
    }

    private static RunSummary Summary(RecordedCluster cluster, RecordedLink? link, int steps, string experiment = "digits-resnet18")
    {
        var plan = new PlannedExperiment
        {
            Name = experiment,
            Strategies = ["horovod", "daso"],
            Baseline = "horovod",
            Seeds = [1, 2],
            Unit = "images",
            Link = link,
        };
        return new RunSummary("run", "suite", RunOutcome.Completed, cluster,
        [
            new ExperimentSummary(plan, "accuracy",
            [
                StrategySummary.Of("horovod", true, [Cell(1, 100, 0.96, 5000, steps), Cell(2, 200, 0.95, 5000, steps)], []),
                StrategySummary.Of("daso", false, [Cell(1, 50, 0.95, 2000, steps), Cell(2, 150, 0.94, 2000, steps)], []),
            ]),
        ], []);
    }

    private static CellSummary Cell(int seed, long trainingNs, double quality, double bytes, int steps) => new()
    {
        Seed = seed,
        Steps = steps,
        Items = 1,
        TrainingNs = trainingNs,
        ItemsPerSecond = 1,
        EpochsToTarget = null,
        TimeToTargetNs = null,
        FinalQuality = quality,
        BytesPerNodeStep = bytes,
        LocalWaitShare = 0.1,
        GlobalWaitShare = 0.2,
        AllocatedBytesPerStep = null,
        Collections = new Collections(0, 0, 0),
        Breakdown = StepBreakdown.Mean([]),
    };
}
