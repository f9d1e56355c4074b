using Daso.Recording;

namespace Daso.Analysis;

/// <summary>
/// Takes the steps of one training apart. In an operation that its group's ranks begin at different times, the last to come waits the
/// least: what another waits beyond that is imbalance. Only durations on a rank's own clock are compared: machines need no common clock.
/// </summary>
internal sealed class BreakdownAnalysis
{
    private static readonly SpanKind[] s_parts =
    [
        SpanKind.Data, SpanKind.Buffers, SpanKind.Forward, SpanKind.Backward, SpanKind.LocalSync, SpanKind.GlobalSend, SpanKind.GlobalWait,
        SpanKind.Merge, SpanKind.Optimizer,
    ];

    private readonly RankSteps[] _ranks;

    // The ranks of one local id, and those of one node.
    private readonly RankSteps[][] _localIds;
    private readonly RankSteps[][] _nodes;
    private double _globalImbalance;
    private double _localImbalance;
    private double _throughDuty;

    private BreakdownAnalysis(IReadOnlyList<StepWaits> waits, int ranksPerNode)
    {
        _ranks = [.. waits.Select(rank => new RankSteps(rank))];
        _localIds = [.. Enumerable.Range(0, ranksPerNode).Select(id => _ranks.Where((_, rank) => rank % ranksPerNode == id).ToArray())];
        _nodes = [.. _ranks.Chunk(ranksPerNode)];
    }

    /// <summary>Takes a training apart.</summary>
    /// <param name="waits">Of each rank, in the order of ranks.</param>
    /// <param name="cluster">Which ranks make a node.</param>
    /// <param name="steps">Steps trained.</param>
    /// <param name="leftOut">Of them, those without spans, which do not count.</param>
    public static StepBreakdown Of(IReadOnlyList<StepWaits> waits, RecordedCluster cluster, int steps, int leftOut = 0)
    {
        var analysis = new BreakdownAnalysis(waits, cluster.RanksPerNode);
        for (int step = 0; step < steps; step++)
            analysis.Add(step);
        return analysis.Means(waits, (double)(steps - leftOut) * waits.Count);
    }

    private void Add(int step)
    {
        foreach (RankSteps rank in _ranks)
            rank.MoveTo(step);

        // Every rank in one operation, or, with DASO, those of one local id while the others wait inside their nodes.
        if (HaveEqualCounts(_ranks))
            SplitGlobal(_ranks);
        else
        {
            foreach (RankSteps[] group in _localIds)
            {
                if (HaveEqualCounts(group))
                    SplitGlobal(group);
            }
        }

        foreach (RankSteps[] node in _nodes)
            SplitLocal(node);
        foreach (RankSteps rank in _ranks)
            rank.Carry();
    }

    private void SplitGlobal(RankSteps[] group)
    {
        for (int k = 0; k < group[0].GlobalCount; k++)
        {
            long leastNs = long.MaxValue;
            foreach (RankSteps rank in group)
                leastNs = Math.Min(leastNs, rank.Global[k]);
            foreach (RankSteps rank in group)
            {
                rank.GlobalImbalanceNs[k] = rank.Global[k] - leastNs;
                _globalImbalance += rank.GlobalImbalanceNs[k];
            }
        }
    }

    /// <summary>
    /// A node's rank that exchanges with other nodes comes later to the node's next operation for just that reason: so much of the
    /// others' wait is the exchange's, and of it imbalance only the share that was imbalance in the exchange.
    /// </summary>
    private void SplitLocal(RankSteps[] node)
    {
        int operations = int.MaxValue;
        foreach (RankSteps rank in node)
            operations = Math.Min(operations, rank.Local.Length);
        for (int k = 0; k < operations; k++)
        {
            long leastNs = long.MaxValue;
            Exchange longest = default;
            foreach (RankSteps rank in node)
            {
                leastNs = Math.Min(leastNs, rank.Local[k].WaitNs);
                Exchange before = rank.ExchangeBefore(k);
                if (before.Ns > longest.Ns)
                    longest = before;
            }

            double imbalanceShare = longest.Ns == 0 ? 0 : (double)longest.ImbalanceNs / longest.Ns;
            foreach (RankSteps rank in node)
            {
                long extraNs = rank.Local[k].WaitNs - leastNs;
                double dutyNs = Math.Min(extraNs, longest.Ns - rank.ExchangeBefore(k).Ns);
                _throughDuty += dutyNs * (1 - imbalanceShare);
                _localImbalance += extraNs - (dutyNs * (1 - imbalanceShare));
            }
        }
    }

    private static bool HaveEqualCounts(RankSteps[] group)
    {
        foreach (RankSteps rank in group)
        {
            if (rank.GlobalCount != group[0].GlobalCount)
                return false;
        }

        return true;
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

    /// <summary>What a rank spent on an exchange with other nodes.</summary>
    private readonly record struct Exchange(long Ns, long ImbalanceNs);

    /// <summary>One rank's operations of one step.</summary>
    private sealed class RankSteps(StepWaits waits)
    {
        private int _step;
        private long[] _globalImbalanceNs = [];
        private Exchange _carried;

        public int GlobalCount { get; private set; }

        public ReadOnlySpan<long> Global => waits.GlobalNs(_step);

        /// <summary>Of each of these, what it waited for ranks that came later.</summary>
        public Span<long> GlobalImbalanceNs => _globalImbalanceNs.AsSpan(0, GlobalCount);

        public ReadOnlySpan<LocalOperation> Local => waits.Local(_step);

        public void MoveTo(int step)
        {
            _step = step;
            GlobalCount = Global.Length;
            if (_globalImbalanceNs.Length < GlobalCount)
                _globalImbalanceNs = new long[GlobalCount];
            GlobalImbalanceNs.Clear();
        }

        /// <summary>What the rank spent on exchanges since the node's operation before this one, in this step or earlier ones.</summary>
        public Exchange ExchangeBefore(int operation)
        {
            ReadOnlySpan<LocalOperation> local = Local;
            int first = operation == 0 ? 0 : local[operation - 1].GlobalBefore;
            long beforeNs = operation == 0 ? -_carried.Ns : local[operation - 1].ExchangeNs;
            long imbalanceNs = (operation == 0 ? _carried.ImbalanceNs : 0) + Imbalance(first, local[operation].GlobalBefore);
            return new Exchange(local[operation].ExchangeNs - beforeNs, imbalanceNs);
        }

        /// <summary>Keeps what came after the last local operation for the first of a later step.</summary>
        public void Carry()
        {
            ReadOnlySpan<LocalOperation> local = Local;
            long exchangeNs = waits.ExchangeNs(_step);
            _carried = local.IsEmpty
                ? new Exchange(_carried.Ns + exchangeNs, _carried.ImbalanceNs + Imbalance(0, GlobalCount))
                : new Exchange(exchangeNs - local[^1].ExchangeNs, Imbalance(local[^1].GlobalBefore, GlobalCount));
        }

        private long Imbalance(int first, int end)
        {
            long sum = 0;
            for (int i = first; i < end; i++)
                sum += _globalImbalanceNs[i];
            return sum;
        }
    }
}
