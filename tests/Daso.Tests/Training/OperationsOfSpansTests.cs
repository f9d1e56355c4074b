using Daso.Baselines;
using Daso.Recording;
using Daso.Timing;

namespace Daso.Tests.Training;

public class OperationsOfSpansTests
{
    public static TheoryData<int> Kinds => [.. Enumerable.Range(0, ShortTraining.Kinds.Length)];

    /// <summary>By its operation a wait is found again on exactly the ranks that waited together.</summary>
    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_wait_says_which_operation_it_was_for(int kind)
    {
        var recorders = new Waits[ShortTraining.Ranks];
        ShortTraining.Run(kind, recorderOf: rank => recorders[rank] = new Waits());

        (int Rank, SpanKind Kind, OperationKey? Key)[] all =
            [.. recorders.SelectMany((recorder, rank) => recorder.All.Select(wait => (rank, wait.Kind, wait.Key)))];
        // A gossip's wait is for messages of two peers that no third rank waits for: there is no operation in common.
        if (ShortTraining.Kinds[kind].Strategy is GossipSpec or OverlapSgpSpec)
            all = [.. all.Where(wait => wait.Kind == SpanKind.LocalSync)];
        Assert.DoesNotContain(all, wait => wait.Key is null);
        foreach (var operation in all.GroupBy(wait => wait.Key))
        {
            int[] ranks = [.. operation.Select(wait => wait.Rank)];
            // A node's ranks, those of one local id, or all.
            int[][] groups = [[0, 1], [2, 3], [0, 2], [1, 3], [0, 1, 2, 3]];
            Assert.Single(operation.Select(wait => wait.Kind).Distinct());
            Assert.Contains(ranks, groups);
        }
    }

    private sealed class Waits : IRecorder
    {
        public List<(SpanKind Kind, OperationKey? Key)> All { get; } = [];

        public long NowNs => ProcessClock.NowNs;

        public void MoveTo(int epoch, int step)
        {
        }

        public void Span(SpanKind kind, long startNs, long durationNs, long bytes = 0, OperationKey? operation = null)
        {
            if (kind is SpanKind.LocalSync or SpanKind.GlobalWait)
                All.Add((kind, operation));
        }

        public void Metric(string name, double value)
        {
        }

        public void EndStep()
        {
        }
    }
}
