using Daso.Analysis;
using Daso.Baselines;
using Daso.Experiments;
using Daso.Optimization;
using Daso.Recording;
using Daso.Specification;
using Daso.Strategies;
using Daso.Tests.Recording;
using Daso.Tests.Training;
using Daso.Training;

namespace Daso.Tests.Experiments;

/// <summary>A suite in which a training fails: the others are trained all the same.</summary>
public class FailedCellTests
{
    private static readonly CellId s_failing = new("tiny", "failing", 1);

    [Theory]
    [InlineData(true, "epoch 0: the training loss is NaN: training has diverged; lower the learning rate")]
    [InlineData(false, "rank 2 failed: epoch 0, step 0: it is broken")]
    public void A_training_that_fails_is_left_out_and_the_others_are_trained(bool diverges, string reason)
    {
        using var output = new TemporaryFolder();
        var fault = new Fault { Diverges = diverges, IsThere = true };
        var told = new Observer();
        RunFolder folder = Run(Plan(output, fault), told);

        Assert.Equal([s_failing with { Strategy = "ddp" }, s_failing, s_failing with { Strategy = "last" }], told.Started);
        Assert.Equal([reason], told.Failures);
        Assert.Equal(RunOutcome.Failed, Manifest.Read(folder).Outcome);
        Assert.Equal([new IncompleteCell(s_failing, $"failed: {reason}")], RunSummary.Read(folder.Path).Incomplete);

        // Resumed it goes on behind the failure; asked to, it tries again.
        told = new Observer();
        Run(Plan(output, fault, resume: folder.Path), told);
        Assert.Empty(told.Started);
        Assert.Equal(RunOutcome.Failed, Manifest.Read(folder).Outcome);

        fault.IsThere = false;
        Run(Plan(output, fault, resume: folder.Path, retriesFailed: true), told);
        Assert.Equal([s_failing], told.Started);
        Assert.Equal(RunOutcome.Completed, Manifest.Read(folder).Outcome);
        Assert.Empty(RunSummary.Read(folder.Path).Incomplete);
        using var elsewhere = new TemporaryFolder();
        Assert.Equal(
            RunLog.Read(Run(Plan(elsewhere, fault), told).Events).ParameterHashes(), RunLog.Read(folder.Events).ParameterHashes());
    }

    [Fact]
    public void What_is_wrong_with_the_environment_ends_the_run()
    {
        using var output = new TemporaryFolder();
        var fault = new Fault { IsThere = true, Failure = new UserErrorException("cannot write: the disk is full", ExitCode.Environment) };
        var told = new Observer();
        using var runner = new SuiteRunner(Plan(output, fault));
        Assert.Throws<UserErrorException>(() => runner.Run(told, TestContext.Current.CancellationToken));

        Assert.Equal(2, told.Started.Count);
        Assert.Equal(RunOutcome.Failed, Manifest.Read(runner.Folder).Outcome);
        Assert.Equal(
            ["cannot write: the disk is full", "not started"], RunSummary.Read(runner.Folder.Path).Incomplete.Select(cell => cell.Reason));
    }

    [Fact]
    public void A_run_that_goes_on_is_told_from_one_that_was_killed()
    {
        using var run = new SyntheticRun(new RecordedCluster(1, 1, "cpu"), SyntheticRun.Plan("ddp"));
        using (var events = new RunEvents(run.Folder))
            events.CellStarted(s_failing with { Experiment = run.Manifest.Experiments[0].Name, Strategy = "ddp" });
        using (RunLock.Take(run.Folder, out _))
        {
            RunSummary live = RunSummary.Read(run.Folder.Path);
            Assert.Equal(["under way", "not started yet"], live.Incomplete.Select(cell => cell.Reason));
            Assert.StartsWith(
                $"{run.Manifest.RunId}: goes on (process {Environment.ProcessId} on ", live.GoesOn, StringComparison.Ordinal);
        }

        RunSummary killed = RunSummary.Read(run.Folder.Path);
        Assert.Equal(["ended without a word", "not started"], killed.Incomplete.Select(cell => cell.Reason));
        Assert.Null(killed.GoesOn);
    }

    [Fact]
    public void A_run_that_goes_on_is_not_resumed_beside_itself()
    {
        using var output = new TemporaryFolder();
        var fault = new Fault();
        using var runner = new SuiteRunner(Plan(output, fault));
        UserErrorException refused = Assert.Throws<UserErrorException>(() => new SuiteRunner(Plan(output, fault, resume: runner.Folder.Path)));
        Assert.StartsWith($"{runner.Folder.Path}: the run still goes on (process ", refused.Message, StringComparison.Ordinal);
    }

    private static RunFolder Run(SuitePlan plan, Observer told)
    {
        using var runner = new SuiteRunner(plan);
        runner.Run(told, TestContext.Current.CancellationToken);
        return runner.Folder;
    }

    private static SuitePlan Plan(TemporaryFolder output, Fault fault, string? resume = null, bool retriesFailed = false) => SuitePlan.Expand(
        "tests",
        [
            new ExperimentDefinition
            {
                Suite = "tests",
                Name = "tiny",
                Summary = "A tiny model.",
                Parameters = [],
                Strategies =
                [
                    new StrategyDefinition("ddp", IsBaseline: true),
                    new StrategyDefinition("failing", IsBaseline: false),
                    new StrategyDefinition("last", IsBaseline: false),
                ],
                Seeds = [1],
                Epochs = 1,
                Create = _ => new ExperimentSetup(
                    new ShortTraining.TinyModel(),
                    ShortTraining.Data,
                    new SgdSpec(Momentum: 0.9, WeightDecay: 0),
                    new ConstantRateSpec(0.05),
                    [new DdpSpec(), new FailingSpec(fault), new DdpSpec()]),
            },
        ],
        new RunOptions
        {
            Topology = ShortTraining.Cluster,
            OutputFolder = output.Path,
            WarmupSteps = 0,
            Resume = resume,
            RetriesFailed = retriesFailed,
        });

    /// <summary>What goes wrong; outside of the specification, as a damaged file is.</summary>
    private sealed class Fault
    {
        internal bool IsThere { get; set; }

        internal bool Diverges { get; init; }

        internal Exception Failure { get; init; } = new InvalidOperationException("it is broken");
    }

    /// <summary>No communication, and a fault on rank 2.</summary>
    private sealed record FailingSpec(Fault Fault) : StrategySpec
    {
        public override IStrategy Create(StrategyContext context) => new Failing(Fault, context);

        public override void Describe(SpecificationWriter writer) => writer.Add("kind", "failing");
    }

    private sealed class Failing(Fault fault, StrategyContext context) : IStrategy
    {
        public void BackwardDone()
        {
            if (!fault.IsThere || context.Ranks.Rank != 2)
                return;
            if (!fault.Diverges)
                throw fault.Failure;
            context.Replica.Gradients.Tensor.fill_(float.NaN);
        }

        public void Dispose()
        {
        }
    }

    private sealed class Observer : ISuiteObserver, ITrainingObserver
    {
        internal List<CellId> Started { get; } = [];

        internal List<string> Failures { get; } = [];

        public ITrainingObserver CellStarted(CellId cell, int number, int count)
        {
            Started.Add(cell);
            return this;
        }

        public void CellFailed(string reason) => Failures.Add(reason);

        public void StepDone(int steps, int totalSteps)
        {
        }

        public void EpochDone(EpochResult result)
        {
        }
    }
}
