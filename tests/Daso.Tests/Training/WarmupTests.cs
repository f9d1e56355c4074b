using Daso.Data;
using Daso.Recording;
using Daso.Tests.Cluster;
using Daso.Timing;
using Daso.Training;

namespace Daso.Tests.Training;

/// <summary>What a training does in a timed step, it has done before.</summary>
public sealed class WarmupTests
{
    public static TheoryData<int> Kinds => [.. Enumerable.Range(0, ShortTraining.Kinds.Length)];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Warm_up_runs_every_phase_of_a_strategy_on_every_rank(int kind)
    {
        SpanKinds[] timed = Record(kind, plan => plan), before = Record(kind, plan => plan.ForWarmup(ShortTraining.Cluster));

        Assert.All(timed.Zip(before), rank => Assert.Empty(rank.First.Seen.Except(rank.Second.Seen)));
    }

    private static SpanKinds[] Record(int kind, Func<TrainingPlan, TrainingPlan> of)
    {
        var recorders = new SpanKinds[ShortTraining.Ranks];
        using IDataset data = ShortTraining.Data.Open();
        TrainingPlan plan = of(ShortTraining.Plan(kind, data));
        TestCluster.Collect(2, 2, ranks => Trainer.Run(plan with { WarmupSteps = 0 }, ranks, recorders[ranks.Rank] = new SpanKinds(), observer: null));
        return recorders;
    }

    /// <summary>Keeps the kinds of spans.</summary>
    private sealed class SpanKinds : IRecorder
    {
        public HashSet<SpanKind> Seen { get; } = [];

        public long NowNs => ProcessClock.NowNs;

        public void MoveTo(int epoch, int step)
        {
        }

        public void Span(SpanKind kind, long startNs, long durationNs, long bytes = 0, OperationKey? operation = null) => Seen.Add(kind);

        public void Metric(string name, double value)
        {
        }

        public void EndStep()
        {
        }
    }
}
