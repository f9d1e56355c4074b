using System.Text.Json;
using Daso.Baselines;
using Daso.Cluster;
using Daso.Experiments;
using Daso.Optimization;
using Daso.Recording;
using Daso.Strategies;
using Daso.Tests.Recording;
using Daso.Tests.Training;
using Daso.Training;
using ParquetSharp;

namespace Daso.Tests.Experiments;

public class ResumedRunTests
{
    private static readonly ExperimentDefinition s_experiment = new()
    {
        Suite = "tests",
        Name = "tiny",
        Summary = "A tiny model.",
        Parameters = [],
        Strategies = [new StrategyDefinition("ddp", IsBaseline: true), new StrategyDefinition("daso", IsBaseline: false)],
        Seeds = [1],
        Epochs = ShortTraining.Epochs,
        Create = _ => new ExperimentSetup(
            new ShortTraining.TinyModel(),
            ShortTraining.Data,
            new SgdSpec(Momentum: 0.9, WeightDecay: 0),
            new ConstantRateSpec(0.05),
            [new DdpSpec(), new DasoSpec { Schedule = new DasoSettings { WarmupEpochs = 1, CooldownEpochs = 1 } }]),
    };

    private static readonly CellId s_ddp = new("tiny", "ddp", 1);
    private static readonly CellId s_daso = new("tiny", "daso", 1);

    [Fact]
    public void A_resumed_run_ends_like_one_that_was_not_interrupted()
    {
        using var output = new TemporaryFolder();
        RunOptions options = Options(output);
        RunFolder whole = Run(options, new Progress());
        RunFolder folder = Interrupt(options, s_daso, step: 9);
        Assert.Equal(4, Directory.GetFiles(folder.Checkpoints, "*-step8-*").Length);

        var progress = new Progress();
        Assert.Equal(folder.Path, Run(options with { Resume = folder.Path }, progress).Path);

        Assert.Equal([s_daso], progress.Started);
        Assert.Equal(HashesOf(whole), HashesOf(folder));
        Assert.Empty(Directory.GetFiles(folder.Checkpoints));
        Manifest manifest = Manifest.Read(folder);
        Assert.Equal(RunOutcome.Completed, manifest.Outcome);
        Assert.Single(manifest.Resumptions);
        Assert.Equal(Manifest.Read(whole).SpecificationHash, manifest.SpecificationHash);
        string[] events = [.. EventsOf(folder).Select(line => line.GetProperty("event").GetString()!)];
        Assert.Equal(["run_resumed", "cell_resumed"], events.SkipWhile(name => name != "run_resumed").Take(2));
    }

    [Fact]
    public void The_records_of_a_resumed_cell_hold_every_step_once_and_time_goes_forward()
    {
        using var output = new TemporaryFolder();
        RunFolder folder = Interrupt(Options(output), s_ddp, step: 7);
        // The first resumption is itself interrupted, before its next checkpoint.
        Interrupt(Options(output) with { Resume = folder.Path }, s_ddp, step: 6);
        Run(Options(output) with { Resume = folder.Path }, new Progress());

        for (int rank = 0; rank < ShortTraining.Ranks; rank++)
        {
            using var timings = new ParquetFileReader(folder.Timings(s_ddp, rank));
            int[] steps = timings.Numbers<int>("step");
            long[] starts = timings.Numbers<long>("start_ns");
            long[] durations = timings.Numbers<long>("duration_ns");
            (int Step, long Start, long End)[] whole = [.. timings.Texts("span")
                .Select((span, i) => (span, i))
                .Where(row => row.span == "step")
                .Select(row => (steps[row.i], starts[row.i], starts[row.i] + durations[row.i]))];
            Assert.Equal(Enumerable.Range(0, ShortTraining.Steps), whole.Select(step => step.Step));
            Assert.All(whole.Zip(whole.Skip(1)), pair => Assert.InRange(pair.Second.Start, pair.First.End, long.MaxValue));

            using var metrics = new ParquetFileReader(folder.Metrics(s_ddp, rank));
            Assert.Equal(ShortTraining.Steps, metrics.Texts("metric").Count(name => name == MetricNames.Items));
        }
    }

    [Theory]
    [InlineData("ddp", 7)]
    [InlineData("daso", 15)]
    [InlineData("ddp", ShortTraining.Steps)]
    public void A_run_that_is_asked_to_stop_saves_and_goes_on_to_the_same_bits(string strategy, int step)
    {
        using var output = new TemporaryFolder();
        using var local = new TemporaryFolder();
        RunOptions options = Options(output) with { CheckpointEvery = null };
        RunFolder whole = Run(options, new Progress());
        options = options with { RunNote = Path.Combine(output.Path, "note"), CheckpointFolder = local.Path };
        RunFolder folder = Stop(options, s_ddp with { Strategy = strategy }, step);

        Assert.Equal(RunOutcome.Stopped, Manifest.Read(folder).Outcome);
        // After its last step a training needs no checkpoint.
        string[] files = Directory.GetFiles(local.Path, "*.ckpt", SearchOption.AllDirectories);
        Assert.Equal(step == ShortTraining.Steps ? 0 : ShortTraining.Ranks, files.Length);
        // Rank 0 asks; by then another may have passed the place.
        string place = $"-step{(files is [string first, ..] ? first.Split("-step")[1].Split('-')[0] : "")}-";
        Assert.All(files, file => Assert.Contains(place, file, StringComparison.Ordinal));

        Assert.Equal(folder.RunId, Run(options, new Progress()).RunId);
        Assert.Equal(HashesOf(whole), HashesOf(folder));
        Assert.Equal(RunOutcome.Completed, Manifest.Read(folder).Outcome);
        Assert.Empty(Directory.GetFiles(local.Path, "*", SearchOption.AllDirectories));
    }

    [Fact]
    public void A_run_without_checkpoints_trains_its_interrupted_cell_anew()
    {
        using var output = new TemporaryFolder();
        RunOptions options = Options(output) with { CheckpointEvery = null };
        RunFolder folder = Interrupt(options, s_daso, step: 9);
        Assert.False(Directory.Exists(folder.Checkpoints));
        Run(options with { Resume = folder.Path }, new Progress());
        Assert.Equal(HashesOf(Run(options, new Progress())), HashesOf(folder));
    }

    [Fact]
    public void Another_plan_is_refused_and_the_difference_named()
    {
        using var output = new TemporaryFolder();
        RunFolder folder = Interrupt(Options(output), s_ddp, step: 5);
        RunOptions options = Options(output) with { Resume = folder.Path };
        AssertRefused(folder, options with { Epochs = 9 }, "they differ in tiny.epochs; repeat the run's command: ");
        AssertRefused(folder, options with { Topology = new Topology(1, 4) }, "the run has 2 × 2 ranks, here are 1 × 4; ");
        AssertRefused(folder, options with { Link = "1gbit,50us" }, "they differ in tiny.link; repeat the run's command: ");
        AssertRefused(folder, options with { Resume = output.Path }, "no manifest.json; name the folder of a run");
    }

    [Fact]
    public void A_damaged_or_exchanged_checkpoint_is_refused_before_anything_is_written()
    {
        using var output = new TemporaryFolder();
        RunFolder folder = Interrupt(Options(output), s_ddp, step: 5);
        RunOptions options = Options(output) with { Resume = folder.Path };
        string[] files = [.. Directory.GetFiles(folder.Checkpoints, "*-step4-*").Order(StringComparer.Ordinal)];
        byte[] whole = File.ReadAllBytes(files[2]);

        File.WriteAllBytes(files[2], whole[..^1]);
        AssertRefused(folder, options, $"checkpoint {files[2]}: damaged; ");
        File.Copy(files[1], files[2], overwrite: true);
        AssertRefused(folder, options, $"checkpoint {files[2]}: of rank 1; ");
        File.WriteAllBytes(files[2], whole);
        Run(options, new Progress());
    }

    private static RunOptions Options(TemporaryFolder output) => new()
    {
        Topology = ShortTraining.Cluster,
        OutputFolder = output.Path,
        WarmupSteps = 1,
        CheckpointEvery = CheckpointInterval.Parse("4steps"),
    };

    private static RunFolder Run(RunOptions options, Progress progress)
    {
        using var runner = new SuiteRunner(SuitePlan.Expand("tests", [s_experiment], options));
        runner.Run(progress, TestContext.Current.CancellationToken);
        return runner.Folder;
    }

    /// <summary>Ends a run after a step of a cell.</summary>
    private static RunFolder Interrupt(RunOptions options, CellId cell, int step)
    {
        using var runner = new SuiteRunner(SuitePlan.Expand("tests", [s_experiment], options));
        using var cancel = new CancellationTokenSource();
        Assert.ThrowsAny<OperationCanceledException>(() =>
            runner.Run(new Progress { EndsAt = (cell, step), End = cancel }, cancel.Token));
        return runner.Folder;
    }

    /// <summary>Asks a run to stop after a step of a cell.</summary>
    private static RunFolder Stop(RunOptions options, CellId cell, int step)
    {
        using var runner = new SuiteRunner(SuitePlan.Expand("tests", [s_experiment], options));
        var progress = new Progress { EndsAt = (cell, step), Asks = runner.RequestStop };
        Assert.Throws<RunStoppedException>(() => runner.Run(progress, TestContext.Current.CancellationToken));
        return runner.Folder;
    }

    private static string[] HashesOf(RunFolder folder) => [.. EventsOf(folder)
        .Where(line => line.TryGetProperty("parameters_sha256", out JsonElement _))
        .Select(line => $"{line.GetProperty("strategy")}: {line.GetProperty("parameters_sha256")}")];

    private static List<JsonElement> EventsOf(RunFolder folder)
    {
        var events = new List<JsonElement>();
        JsonLines.Read(folder.Events, events.Add);
        return events;
    }

    private static void AssertRefused(RunFolder folder, RunOptions options, string reason)
    {
        string[] before = [File.ReadAllText(folder.Manifest), File.ReadAllText(folder.Events)];
        UserErrorException refused = Assert.Throws<UserErrorException>(
            () => new SuiteRunner(SuitePlan.Expand("tests", [s_experiment], options)));
        Assert.Equal(ExitCode.Usage, refused.ExitCode);
        Assert.Contains(reason, refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refused.Message);
        string[] after = [File.ReadAllText(folder.Manifest), File.ReadAllText(folder.Events)];
        Assert.Equal(before, after);
    }

    /// <summary>Notes the cells that were trained, and may end the run in one.</summary>
    private sealed class Progress : ISuiteObserver, ITrainingObserver
    {
        internal List<CellId> Started { get; } = [];

        internal (CellId Cell, int Step)? EndsAt { get; init; }

        internal CancellationTokenSource End { get; init; } = new();

        internal Action? Asks { get; init; }

        public ITrainingObserver CellStarted(CellId cell, int number, int count)
        {
            Started.Add(cell);
            return this;
        }

        public void CellFailed(string reason)
        {
        }

        public void StepDone(int steps, int totalSteps)
        {
            if (EndsAt is { } end && end.Cell == Started[^1] && end.Step == steps)
            {
                Asks?.Invoke();
                if (Asks is null)
                    End.Cancel();
                End.Token.ThrowIfCancellationRequested();
            }
        }

        public void EpochDone(EpochResult result)
        {
        }
    }
}
