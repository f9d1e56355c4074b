using Daso.Recording;

namespace Daso.Analysis;

/// <summary>
/// Takes the steps of one training apart. In an operation that its group's ranks begin at different times, the last to come waits the
/// least: what another waits beyond that is imbalance. Only durations on a rank's own clock are compared: machines need no common clock.
/// </summary>
internal sealed class BreakdownAnalysis
{
    private readonly RankSteps[] _ranks;
    private readonly int _ranksPerNode;
    private readonly double[] _sums = new double[Enum.GetValues<SpanKind>().Length];
    private double _globalImbalance;
    private double _localImbalance;
    private double _throughDuty;

    private BreakdownAnalysis(IReadOnlyList<RankSpans> spans, int ranksPerNode)
    {
        _ranks = [.. spans.Select(rank => new RankSteps(rank))];
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
        foreach (RankSteps rank in _ranks)
            rank.Read(step, _sums);

        int ranksPerNode = _ranksPerNode;
        // Every rank in one operation, or, with DASO, those of one local id while the others wait inside their nodes.
        if (HaveEqualCounts(_ranks, rank => rank.Global.Count))
            SplitGlobal(_ranks);
        else
        {
            for (int id = 0; id < ranksPerNode; id++)
                SplitGlobal([.. _ranks.Where((_, rank) => rank % ranksPerNode == id)]);
        }

        for (int first = 0; first < _ranks.Length; first += ranksPerNode)
            SplitLocal(_ranks.AsSpan(first, ranksPerNode));
        foreach (RankSteps rank in _ranks)
            rank.Carry();
    }

    private void SplitGlobal(RankSteps[] group)
    {
        if (!HaveEqualCounts(group, rank => rank.Global.Count))
            return;
        for (int k = 0; k < group[0].Global.Count; k++)
        {
            long leastNs = long.MaxValue;
            foreach (RankSteps rank in group)
                leastNs = Math.Min(leastNs, rank.Global[k].WaitNs);
            foreach (RankSteps rank in group)
            {
                long imbalanceNs = rank.Global[k].WaitNs - leastNs;
                rank.Global[k] = rank.Global[k] with { ImbalanceNs = imbalanceNs };
                _globalImbalance += imbalanceNs;
            }
        }
    }

    /// <summary>
    /// A node's rank that exchanges with other nodes comes later to the node's next operation for just that reason: so much of the
    /// others' wait is the exchange's, and of it imbalance only the share that was imbalance in the exchange.
    /// </summary>
    private void SplitLocal(ReadOnlySpan<RankSteps> node)
    {
        int operations = int.MaxValue;
        foreach (RankSteps rank in node)
            operations = Math.Min(operations, rank.Local.Count);
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
            for (int i = 0; i < node.Length; i++)
            {
                long extraNs = node[i].Local[k].WaitNs - leastNs;
                double dutyNs = Math.Min(extraNs, longest.Ns - node[i].ExchangeBefore(k).Ns);
                _throughDuty += dutyNs * (1 - imbalanceShare);
                _localImbalance += extraNs - (dutyNs * (1 - imbalanceShare));
            }
        }
    }

    private static bool HaveEqualCounts(RankSteps[] group, Func<RankSteps, int> count)
    {
        foreach (RankSteps rank in group)
        {
            if (count(rank) != count(group[0]))
                return false;
        }

        return true;
    }

    private StepBreakdown Means(double rankSteps)
    {
        double parts = 0;
        foreach (SpanKind kind in RankSteps.Parts)
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

    /// <summary>What a rank spent on an exchange with other nodes.</summary>
    private readonly record struct Exchange(long Ns, long ImbalanceNs);

    private readonly record struct GlobalOperation(long WaitNs, long ImbalanceNs);

    /// <summary>A local operation with what came before it in this step.</summary>
    private readonly record struct LocalOperation(long WaitNs, long ExchangeNs, int GlobalBefore);

    /// <summary>One rank's operations of one step.</summary>
    private sealed class RankSteps(RankSpans spans)
    {
        public static readonly SpanKind[] Parts =
        [
            SpanKind.Data, SpanKind.Buffers, SpanKind.Forward, SpanKind.Backward, SpanKind.LocalSync, SpanKind.GlobalSend,
            SpanKind.GlobalWait, SpanKind.Merge, SpanKind.Optimizer,
        ];

        private int _next;
        private long _exchangeNs;
        private Exchange _carried;

        public List<GlobalOperation> Global { get; } = [];

        public List<LocalOperation> Local { get; } = [];

        /// <summary>Reads a step's spans up to that of the step itself; what follows until the next step lies outside of both.</summary>
        public void Read(int step, double[] sums)
        {
            Global.Clear();
            Local.Clear();
            _exchangeNs = 0;
            bool isInside = true;
            for (; _next < spans.Kinds.Length && spans.Steps[_next] <= step; _next++)
            {
                SpanKind kind = spans.Kinds[_next];
                if (!isInside || kind is SpanKind.Evaluation or SpanKind.Checkpoint)
                    continue;
                sums[(int)kind] += spans.DurationsNs[_next];
                isInside = kind != SpanKind.Step;
                Note(kind, spans.DurationsNs[_next]);
            }
        }

        /// <summary>What the rank spent on exchanges since the node's operation before this one, in this step or earlier ones.</summary>
        public Exchange ExchangeBefore(int operation)
        {
            int first = operation == 0 ? 0 : Local[operation - 1].GlobalBefore;
            long beforeNs = operation == 0 ? -_carried.Ns : Local[operation - 1].ExchangeNs;
            long imbalanceNs = (operation == 0 ? _carried.ImbalanceNs : 0) + Imbalance(first, Local[operation].GlobalBefore);
            return new Exchange(Local[operation].ExchangeNs - beforeNs, imbalanceNs);
        }

        /// <summary>Keeps what came after the last local operation for the first of a later step.</summary>
        public void Carry() => _carried = Local.Count == 0
            ? new Exchange(_carried.Ns + _exchangeNs, _carried.ImbalanceNs + Imbalance(0, Global.Count))
            : new Exchange(_exchangeNs - Local[^1].ExchangeNs, Imbalance(Local[^1].GlobalBefore, Global.Count));

        private void Note(SpanKind kind, long durationNs)
        {
            if (kind is SpanKind.GlobalSend or SpanKind.GlobalWait or SpanKind.Merge)
                _exchangeNs += durationNs;
            if (kind == SpanKind.GlobalWait)
                Global.Add(new GlobalOperation(durationNs, 0));
            else if (kind == SpanKind.LocalSync)
                Local.Add(new LocalOperation(durationNs, _exchangeNs, Global.Count));
        }

        private long Imbalance(int first, int end)
        {
            long sum = 0;
            for (int i = first; i < end; i++)
                sum += Global[i].ImbalanceNs;
            return sum;
        }
    }
}
