using System.Globalization;
using CsCheck;
using Daso.Baselines;
using Daso.Communication;
using Daso.Models;
using Daso.Recording;
using Daso.Strategies;
using Daso.Tests.Cluster;
using Daso.Tests.Recording;
using Daso.Training;

namespace Daso.Tests.Training;

/// <summary>A training that was interrupted and resumed ends with the bits of one that was not.</summary>
public class ResumeTests
{
    private const int CallsPerStep = 16;

    private static readonly Lazy<string[]>[] s_uninterrupted =
        [.. ShortTraining.Kinds.Select((_, kind) => new Lazy<string[]>(() => Describe(ShortTraining.Run(kind))))];

    /// <summary>DASO_RESUME_POINTS sets the number of points that are drawn.</summary>
    private static readonly long s_points =
        long.Parse(Environment.GetEnvironmentVariable("DASO_RESUME_POINTS") ?? "16", CultureInfo.InvariantCulture);

    [Fact]
    public void Interrupted_anywhere_and_resumed_it_ends_with_the_same_bits() => Gen.Select(
            Gen.Int[0, ShortTraining.Kinds.Length - 1],
            Gen.OneOf(
                Gen.Int[1, 7].Select(count => new CheckpointInterval(count, IsInEpochs: false)),
                Gen.Int[1, 2].Select(count => new CheckpointInterval(count, IsInEpochs: true))),
            Interruption(),
            Interruption())
        .Sample(
            (kind, every, first, second) =>
            {
                using var folder = new TemporaryFolder();
                var training = new Interrupted(kind, every, ShortTraining.Series(folder.Path));
                training.RunUntil(first);
                training.RunUntil(second);
                Assert.Equal(s_uninterrupted[kind].Value, training.RunToEnd());
            },
            iter: s_points,
            threads: 1);

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(6)]
    [InlineData(7)]
    public void Interrupted_between_send_and_merge_over_a_slow_link_it_ends_with_the_same_bits(int kind)
    {
        using var folder = new TemporaryFolder();
        var training = new Interrupted(kind, Every("1steps"), ShortTraining.Series(folder.Path), "10mbit,2ms");
        // The second epoch's first step sends; it is merged one step later or more.
        training.RunUntil((Step: ShortTraining.StepsPerEpoch + 1, Call: 0, Rank: 3));
        Assert.Equal(ShortTraining.StepsPerEpoch + 1, training.Series.LatestStep());
        Assert.Equal(s_uninterrupted[kind].Value, training.RunToEnd());
    }

    [Fact]
    public void The_last_checkpoints_are_kept_by_count()
    {
        using var folder = new TemporaryFolder();
        var series = new CheckpointSeries(folder.Path, ShortTraining.Specification, ShortTraining.Cell, ShortTraining.Cluster) { Keep = 3 };
        ShortTraining.Run(0, new CheckpointPlan(series, Every("1steps"), null));

        int last = series.LatestStep()!.Value;
        for (int rank = 0; rank < 4; rank++)
        {
            Assert.Equal(3, Directory.GetFiles(folder.Path, $"*-rank{rank}.*").Length);
            for (int step = last - 2; step <= last; step++)
                series.Verify(step, rank);
        }
    }

    [Fact]
    public void The_final_weights_are_written_by_their_names()
    {
        using var folder = new TemporaryFolder();
        string file = Path.Combine(folder.Path, "weights", "tiny.safetensors");
        using Daso.Data.IDataset data = ShortTraining.Data.Open();
        TrainingPlan plan = ShortTraining.Plan(0, data) with { WeightsFile = file };
        TrainingOutcome[] outcomes = TestCluster.Collect(2, 2, ranks => Trainer.Run(plan, ranks, NullRecorder.Instance, observer: null));

        LayeredModel model = plan.Model.Build(seed: 9);
        ModelWeights.Load(plan.Model, model, file);
        using var replica = new Replica(model, TorchSharp.torch.CPU);
        replica.Parameters.ToHost();
        Assert.Equal(outcomes[0].ParametersSha256, FloatBytes.Sha256(replica.Parameters.Host.Span));
    }

    [Fact]
    public void Every_strategy_says_what_it_averages() =>
        Assert.DoesNotContain(ShortTraining.Kinds, kind => kind.Strategy is not PhasesSpec && kind.Strategy.Policy is null);

    [Fact]
    public void Every_strategy_is_among_those_that_are_resumed()
    {
        IEnumerable<Type> all = ((Type[])[typeof(StrategySpec), typeof(DdpSpec)]).SelectMany(one => one.Assembly.GetTypes())
            .Where(type => type.IsSubclassOf(typeof(StrategySpec)) && !type.IsAbstract);
        Assert.Empty(all.Except(ShortTraining.Kinds.Select(kind => kind.Strategy.GetType())));
    }

    [Fact]
    public void Without_a_checkpoint_it_starts_anew()
    {
        using var folder = new TemporaryFolder();
        var training = new Interrupted(3, Every("1epoch"), ShortTraining.Series(folder.Path));
        training.RunUntil((Step: 2, Call: 0, Rank: 1));
        Assert.Null(training.Series.LatestStep());
        training.RunUntil((Step: 12, Call: 0, Rank: 1));
        Assert.Equal(10, training.Series.LatestStep());
        Assert.Equal(s_uninterrupted[3].Value, training.RunToEnd());
    }

    [Fact]
    public void Only_the_last_complete_checkpoint_is_kept()
    {
        using var folder = new TemporaryFolder();
        ShortTraining.Run(5, new CheckpointPlan(ShortTraining.Series(folder.Path), Every("3steps"), ResumeStep: null));
        string[] files = [.. Directory.GetFiles(folder.Path).Select(file => Path.GetFileName(file)!).Order(StringComparer.Ordinal)];
        string[] expected = ["tiny+strategy+1.json", .. Enumerable.Range(0, 4).Select(rank => $"tiny+strategy+1-step18-rank{rank}.ckpt")];
        Assert.Equal(expected.Order(StringComparer.Ordinal), files);
    }

    private static CheckpointInterval Every(string text) => CheckpointInterval.Parse(text);

    private static Gen<(int Step, int Call, int Rank)> Interruption() =>
        Gen.Select(Gen.Int[0, ShortTraining.Steps - 1], Gen.Int[0, CallsPerStep], Gen.Int[0, ShortTraining.Ranks - 1]);

    /// <summary>Every rank's parameters and all results, which on held-out data depend on every rank's batch-norm statistics.</summary>
    private static string[] Describe(TrainingOutcome[] outcomes) =>
        [.. outcomes.Select(outcome => outcome.ParametersSha256), .. outcomes.SelectMany(o => o.Epochs).Select(epoch => epoch.ToString())];

    /// <summary>A training that goes on from its last checkpoint each time.</summary>
    private sealed class Interrupted(int kind, CheckpointInterval every, CheckpointSeries series, string? link = null)
    {
        internal CheckpointSeries Series => series;

        /// <summary>Ends it at the given moment, or at once if its checkpoint lies beyond.</summary>
        internal void RunUntil((int Step, int Call, int Rank) end)
        {
            int? from = series.LatestStep();
            var faulty = new FaultyRecorder(end.Step, end.Call);
            try
            {
                Run(rank => rank == end.Rank ? faulty : NullRecorder.Instance);
            }
            catch (ClusterFailedException failure) when (failure.GetBaseException().Message == FaultyRecorder.Reason)
            {
                // As wanted. The last step may have fewer calls than drawn; then it was the end.
            }

            Assert.Equal(from ?? 0, faulty.FirstStep);
        }

        internal string[] RunToEnd() => Describe(Run(_ => NullRecorder.Instance));

        private TrainingOutcome[] Run(Func<int, IRecorder> recorderOf) =>
            ShortTraining.Run(kind, new CheckpointPlan(series, every, series.LatestStep()), recorderOf, link);
    }
}
