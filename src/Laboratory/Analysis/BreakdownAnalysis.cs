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
    private static readonly SpanKind[] s_parts =
    [
        SpanKind.Data, SpanKind.Buffers, SpanKind.Forward, SpanKind.Backward, SpanKind.LocalSync, SpanKind.GlobalSend,
        SpanKind.GlobalWait, SpanKind.Merge, SpanKind.Optimizer,
    ];

    private readonly StepOperations[] _ranks;
    private readonly int _ranksPerNode;
    private readonly List<Member> _members = [];
    private readonly double[] _causedNs;
    private double _globalImbalance;
    private double _localImbalance;
    private double _throughDuty;

    private BreakdownAnalysis(IReadOnlyList<StepWaits> waits, int ranksPerNode)
    {
        _ranks = [.. waits.Select((rank, number) => new StepOperations(number, rank))];
        _causedNs = new double[_ranks.Length];
        _ranksPerNode = ranksPerNode;
    }

    /// <summary>Takes a training apart, and finds the rank that the others wait for.</summary>
    /// <param name="waits">Of each rank, in the order of ranks.</param>
    /// <param name="cluster">Which ranks make a node.</param>
    /// <param name="steps">Steps trained.</param>
    /// <param name="leftOut">Of them, those without spans, which do not count.</param>
    public static (StepBreakdown Breakdown, LateRank? Late) Of(IReadOnlyList<StepWaits> waits, RecordedCluster cluster, int steps, int leftOut = 0)
    {
        var analysis = new BreakdownAnalysis(waits, cluster.RanksPerNode);
        for (int step = 0; step < steps; step++)
            analysis.Add(step);
        double rankSteps = (double)(steps - leftOut) * waits.Count;
        StepBreakdown means = analysis.Means(waits, rankSteps);
        return (means, LateRank.Of([.. analysis._causedNs.Select(ns => ns / rankSteps)], means.StepNs));
    }

    private void Add(int step)
    {
        foreach (StepOperations rank in _ranks)
            rank.MoveTo(step);
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
        Member last = LastOf(members, static member => member.Rank.Global[member.Index].WaitNs);
        long leastNs = last.Rank.Global[last.Index].WaitNs;
        foreach (Member member in members)
        {
            List<GlobalOperation> operations = member.Rank.Global;
            long imbalanceNs = operations[member.Index].WaitNs - leastNs;
            operations[member.Index] = operations[member.Index] with { ImbalanceNs = imbalanceNs };
            _globalImbalance += imbalanceNs;
            _causedNs[last.Rank.Rank] += imbalanceNs;
        }
    }

    /// <summary>
    /// A node's rank that exchanges with other nodes comes later to the node's next operation for just that reason: so much of the
    /// others' wait is the exchange's, and of it imbalance only the share that was imbalance in the exchange.
    /// </summary>
    private void SplitLocal(ReadOnlySpan<Member> members)
    {
        Member last = LastOf(members, static member => member.Rank.Local[member.Index].WaitNs);
        long leastNs = last.Rank.Local[last.Index].WaitNs;
        Exchange longest = default;
        foreach (Member member in members)
        {
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
            double imbalanceNs = extraNs - (dutyNs * (1 - imbalanceShare));
            _localImbalance += imbalanceNs;
            _causedNs[last.Rank.Rank] += imbalanceNs;
        }
    }

    /// <summary>Who came last, and so waited the least.</summary>
    private static Member LastOf(ReadOnlySpan<Member> members, Func<Member, long> waitNsOf)
    {
        Member last = members[0];
        foreach (Member member in members[1..])
        {
            if (waitNsOf(member) < waitNsOf(last))
                last = member;
        }

        return last;
    }

    private StepBreakdown Means(IReadOnlyList<StepWaits> ranks, double rankSteps)
    {
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
            (Sum(SpanKind.Step) - s_parts.Sum(Sum)) / rankSteps);

        double Of(SpanKind kind) => Sum(kind) / rankSteps;

        double Sum(SpanKind kind) => ranks.Sum(rank => (double)rank.PartNs(kind));
    }

    /// <summary>A rank's wait in an operation.</summary>
    /// <param name="Key">The operation.</param>
    /// <param name="Rank">The rank's operations of the step.</param>
    /// <param name="Index">Which of them.</param>
    private readonly record struct Member(OperationKey Key, StepOperations Rank, int Index);
}
