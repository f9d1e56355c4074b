using System.Runtime.InteropServices;
using Daso.Recording;

namespace Daso.Analysis;

/// <summary>
/// Takes the steps of one training apart. In an operation that its group's ranks begin at different times, the last to come waits the
/// least: what another waits beyond that is imbalance. Waits belong together where they were for the same operation. Only durations on a
/// rank's own clock are compared: machines need no common clock.
/// </summary>
internal sealed class BreakdownAnalysis
{
    private readonly StepOperations[] _ranks;
    private readonly int _ranksPerNode;
    private readonly double[] _sums = new double[Enum.GetValues<SpanKind>().Length];
    private readonly List<Member> _members = [];
    private double _globalImbalance;
    private double _localImbalance;
    private double _throughDuty;

    private BreakdownAnalysis(IReadOnlyList<RankSpans> spans, int ranksPerNode)
    {
        _ranks = [.. spans.Select(rank => new StepOperations(rank))];
        _ranksPerNode = ranksPerNode;
    }

    /// <summary>Takes a training apart.</summary>
    /// <param name="spans">Of each rank, in the order of ranks.</param>
    /// <param name="cluster">Which ranks make a node.</param>
    /// <param name="steps">Steps trained.</param>
    /// <param name="leftOut">Of them, those without spans, which do not count.</param>
    public static StepBreakdown Of(IReadOnlyList<RankSpans> spans, RecordedCluster cluster, int steps, int leftOut = 0)
    {
        var analysis = new BreakdownAnalysis(spans, cluster.RanksPerNode);
        for (int step = 0; step < steps; step++)
            analysis.Add(step);
        return analysis.Means((double)(steps - leftOut) * spans.Count);
    }

    private void Add(int step)
    {
        foreach (StepOperations rank in _ranks)
            rank.Read(step, _sums);
        if (!_ranks.Any(static rank => rank.HasKeys))
            GuessedKeys.Assign(_ranks, _ranksPerNode);

        // The exchanges between nodes first: what of them was imbalance explains waits inside the nodes.
        ForEachOperation(rank => rank.Global, operation => operation.Key, SplitGlobal);
        ForEachOperation(rank => rank.Local, operation => operation.Key, SplitLocal);
        foreach (StepOperations rank in _ranks)
            rank.Carry();
    }

    /// <summary>Hands out the waits that belong together, an operation at a time.</summary>
    private void ForEachOperation<T>(Func<StepOperations, List<T>> operationsOf, Func<T, OperationKey?> keyOf, Action<ReadOnlySpan<Member>> split)
    {
        _members.Clear();
        foreach (StepOperations rank in _ranks)
        {
            List<T> operations = operationsOf(rank);
            for (int i = 0; i < operations.Count; i++)
            {
                if (keyOf(operations[i]) is OperationKey key)
                    _members.Add(new Member(key, rank, i));
            }
        }

        _members.Sort(static (left, right) => left.Key.CompareTo(right.Key));
        ReadOnlySpan<Member> all = CollectionsMarshal.AsSpan(_members);
        for (int first = 0, end; first < all.Length; first = end)
        {
            for (end = first + 1; end < all.Length && all[end].Key == all[first].Key;)
                end++;
            split(all[first..end]);
        }
    }

    private void SplitGlobal(ReadOnlySpan<Member> members)
    {
        long leastNs = long.MaxValue;
        foreach (Member member in members)
            leastNs = Math.Min(leastNs, member.Rank.Global[member.Index].WaitNs);
        foreach (Member member in members)
        {
            List<GlobalOperation> operations = member.Rank.Global;
            long imbalanceNs = operations[member.Index].WaitNs - leastNs;
            operations[member.Index] = operations[member.Index] with { ImbalanceNs = imbalanceNs };
            _globalImbalance += imbalanceNs;
        }
    }

    /// <summary>
    /// A node's rank that exchanges with other nodes comes later to the node's next operation for just that reason: so much of the
    /// others' wait is the exchange's, and of it imbalance only the share that was imbalance in the exchange.
    /// </summary>
    private void SplitLocal(ReadOnlySpan<Member> members)
    {
        long leastNs = long.MaxValue;
        Exchange longest = default;
        foreach (Member member in members)
        {
            leastNs = Math.Min(leastNs, member.Rank.Local[member.Index].WaitNs);
            Exchange before = member.Rank.ExchangeBefore(member.Index);
            if (before.Ns > longest.Ns)
                longest = before;
        }

        double imbalanceShare = longest.Ns == 0 ? 0 : (double)longest.ImbalanceNs / longest.Ns;
        foreach (Member member in members)
        {
            long extraNs = member.Rank.Local[member.Index].WaitNs - leastNs;
            double dutyNs = Math.Min(extraNs, longest.Ns - member.Rank.ExchangeBefore(member.Index).Ns);
            _throughDuty += dutyNs * (1 - imbalanceShare);
            _localImbalance += extraNs - (dutyNs * (1 - imbalanceShare));
        }
    }

    private StepBreakdown Means(double rankSteps)
    {
        double parts = 0;
        foreach (SpanKind kind in StepOperations.Parts)
            parts += _sums[(int)kind];
        return new StepBreakdown(
            Of(SpanKind.Step),
            Of(SpanKind.Data),
            Of(SpanKind.Buffers),
            Of(SpanKind.Forward),
            Of(SpanKind.Backward),
            Of(SpanKind.LocalSync) - ((_localImbalance + _throughDuty) / rankSteps),
            Of(SpanKind.GlobalSend),
            Of(SpanKind.GlobalWait) + ((_throughDuty - _globalImbalance) / rankSteps),
            Of(SpanKind.Merge),
            Of(SpanKind.Optimizer),
            (_localImbalance + _globalImbalance) / rankSteps,
            (_sums[(int)SpanKind.Step] - parts) / rankSteps);

        double Of(SpanKind kind) => _sums[(int)kind] / rankSteps;
    }

    /// <summary>A rank's wait in an operation.</summary>
    /// <param name="Key">The operation.</param>
    /// <param name="Rank">The rank's operations of the step.</param>
    /// <param name="Index">Which of them.</param>
    private readonly record struct Member(OperationKey Key, StepOperations Rank, int Index);
}
