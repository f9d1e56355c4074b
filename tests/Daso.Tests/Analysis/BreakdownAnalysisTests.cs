using CsCheck;
using Daso.Analysis;
using Daso.Recording;

namespace Daso.Tests.Analysis;

public class BreakdownAnalysisTests
{
    private static readonly RecordedCluster s_twoByTwo = new(2, 2, "cpu");

    [Fact]
    public void What_the_last_to_come_waits_is_the_network()
    {
        StepBreakdown breakdown = Of(
            [Rank([(SpanKind.Backward, 10), (SpanKind.GlobalWait, 45)])],
            [Rank([(SpanKind.Backward, 20), (SpanKind.GlobalWait, 35)])],
            [Rank([(SpanKind.Backward, 30), (SpanKind.GlobalWait, 25)])],
            [Rank([(SpanKind.Backward, 40), (SpanKind.GlobalWait, 15)])]);

        Assert.Equal(25, breakdown.BackwardNs);
        Assert.Equal(15, breakdown.GlobalWaitNs);
        Assert.Equal((30 + 20 + 10) / 4.0, breakdown.ImbalanceNs);
        Assert.Equal(60, breakdown.StepNs);
        Assert.Equal(5, breakdown.OtherNs);
    }

    [Fact]
    public void A_node_that_waits_for_its_rank_on_duty_waits_for_the_network()
    {
        // Rank 0 came 10 earlier to the exchange than rank 2; rank 3 came 6 earlier than its node's exchange explains.
        StepBreakdown breakdown = Of(
            [Rank([(SpanKind.GlobalSend, 5), (SpanKind.GlobalWait, 40), (SpanKind.LocalSync, 2)])],
            [Rank([(SpanKind.LocalSync, 47)])],
            [Rank([(SpanKind.GlobalSend, 5), (SpanKind.GlobalWait, 30), (SpanKind.LocalSync, 2)])],
            [Rank([(SpanKind.LocalSync, 43)])]);

        Assert.Equal(2, breakdown.LocalSyncNs, 9);
        Assert.Equal(2.5, breakdown.GlobalSendNs, 9);
        // Both exchanges at 30, and their nodes' other ranks wait 35 for them each: send and wait, without the imbalance of 10.
        Assert.Equal((30 + 30 + 35 + 35) / 4.0, breakdown.GlobalWaitNs, 9);
        Assert.Equal((10 + 10 + 6) / 4.0, breakdown.ImbalanceNs, 9);
    }

    [Fact]
    public void An_exchange_at_the_end_of_a_step_delays_the_next()
    {
        (SpanKind, long)[] average = [(SpanKind.LocalSync, 3)];
        StepBreakdown breakdown = Of(
            [Rank([(SpanKind.LocalSync, 3), (SpanKind.GlobalSend, 8)], average)],
            [Rank(average, [(SpanKind.LocalSync, 11)])],
            [Rank(average, average)],
            [Rank(average, average)]);

        Assert.Equal(3, breakdown.LocalSyncNs, 9);
        Assert.Equal(1, breakdown.GlobalWaitNs, 9);
        Assert.Equal(0, breakdown.ImbalanceNs, 9);
    }

    /// <summary>DASO with sharded duty: every rank exchanges its slice, in two groups at once.</summary>
    [Fact]
    public void Waits_of_different_groups_are_not_taken_for_one()
    {
        OperationKey first = new(2, 7), second = new(3, 7);
        StepBreakdown breakdown = Of(
            [Keyed([(SpanKind.GlobalWait, 40, first)])],
            [Keyed([(SpanKind.GlobalWait, 12, second)])],
            [Keyed([(SpanKind.GlobalWait, 30, first)])],
            [Keyed([(SpanKind.GlobalWait, 10, second)])]);

        Assert.Equal((30 + 10 + 30 + 10) / 4.0, breakdown.GlobalWaitNs);
        Assert.Equal((10 + 2) / 4.0, breakdown.ImbalanceNs);
    }

    /// <summary>A mean over all ranks, such as of batch norm's statistics, in a step in which one rank of each node exchanges.</summary>
    [Fact]
    public void A_mean_over_all_ranks_is_one_operation_beside_an_exchange_of_some()
    {
        OperationKey exchange = new(2, 0), mean = new(0, 4);
        StepBreakdown breakdown = Of(
            [Keyed([(SpanKind.GlobalWait, 40, exchange), (SpanKind.GlobalWait, 5, mean)])],
            [Keyed([(SpanKind.GlobalWait, 50, mean)])],
            [Keyed([(SpanKind.GlobalWait, 30, exchange), (SpanKind.GlobalWait, 15, mean)])],
            [Keyed([(SpanKind.GlobalWait, 45, mean)])]);

        Assert.Equal((30 + 30 + (4 * 5)) / 4.0, breakdown.GlobalWaitNs);
        Assert.Equal((10 + 0 + 45 + 10 + 40) / 4.0, breakdown.ImbalanceNs);
    }

    [Fact]
    public void A_wait_of_no_operation_in_particular_is_compared_with_none()
    {
        OperationKey key = new(0, 0);
        StepBreakdown breakdown = Of(
            [Keyed([(SpanKind.GlobalWait, 40, key), (SpanKind.GlobalWait, 7, null)])],
            [Keyed([(SpanKind.GlobalWait, 40, key)])],
            [Keyed([(SpanKind.GlobalWait, 40, key)])],
            [Keyed([(SpanKind.GlobalWait, 40, key)])]);
        Assert.Equal((40 + (7 / 4.0), 0), (breakdown.GlobalWaitNs, breakdown.ImbalanceNs));
    }

    [Fact]
    public void What_follows_a_step_is_no_part_of_it()
    {
        StepBreakdown breakdown = Of(
            [Rank([(SpanKind.Data, 7)]), Outside(SpanKind.GlobalWait, 100), Outside(SpanKind.Evaluation, 500)],
            [Rank([(SpanKind.Data, 7)]), Outside(SpanKind.GlobalWait, 100)],
            [Rank([(SpanKind.Data, 7)])],
            [Rank([(SpanKind.Data, 7)])]);
        Assert.Equal((7, 0, 0, 5), (breakdown.DataNs, breakdown.GlobalWaitNs, breakdown.ImbalanceNs, breakdown.OtherNs));
    }

    [Fact]
    public void Parts_make_the_step_and_none_is_negative()
    {
        SpanKind[] kinds = [SpanKind.Forward, SpanKind.LocalSync, SpanKind.GlobalSend, SpanKind.GlobalWait, SpanKind.Merge];
        Gen<(SpanKind, long)[]> step = Gen.Select(Gen.Int[0, kinds.Length - 1], Gen.Long[0, 1000])
            .Select(part => (kinds[part.Item1], part.Item2)).Array[0, 6];
        step.Array[3].Array[4].Sample(ranks =>
        {
            StepBreakdown breakdown = Of([.. ranks.Select(steps => new[] { Rank(steps) })]);
            double sum = breakdown.Parts().Sum(part => part.Ns);
            return Math.Abs(sum - breakdown.StepNs) < 1e-6 && breakdown.Parts().All(part => part.Ns >= -1e-9);
        });
    }

    [Fact]
    public void The_rank_that_the_others_wait_for_is_named()
    {
        // Rank 3 is late in both steps.
        (SpanKind, long)[] Late(long waitNs) => [(SpanKind.Backward, 100 - waitNs), (SpanKind.GlobalWait, waitNs)];
        LateRank? late = Analyse(
            [Rank(Late(50), Late(46))],
            [Rank(Late(48), Late(48))],
            [Rank(Late(46), Late(50))],
            [Rank(Late(10), Late(10))]).Late;
        Assert.Equal((3, 1, (40 + 38 + 36) / 4.0), (late!.Rank, late.Share, late.Ns));
    }

    [Fact]
    public void Ranks_that_take_turns_in_coming_late_are_not_named()
    {
        (SpanKind, long)[] first = [(SpanKind.Backward, 50), (SpanKind.GlobalWait, 50)], last = [(SpanKind.Backward, 90), (SpanKind.GlobalWait, 10)];
        Assert.Null(Analyse([Rank(first, last)], [Rank(first, first)], [Rank(last, first)], [Rank(first, first)]).Late);
    }

    [Theory]
    [InlineData(new[] { 4.9, 0, 0, 0 }, null)] // of a step of 100: not worth a word
    [InlineData(new[] { 5.1, 0, 0, 0 }, 0)]
    [InlineData(new[] { 6.1, 10, 0, 0 }, null)] // less than 62.5 % of it: 25 % are every rank's part
    [InlineData(new[] { 5.9, 10, 0, 0 }, 1)]
    [InlineData(new[] { 10.0 }, null)] // alone
    [InlineData(new double[0], null)]
    public void More_than_half_of_what_is_not_everyones_part_makes_a_late_rank(double[] causedNs, int? rank) =>
        Assert.Equal(rank, LateRank.Of(causedNs, stepNs: 100)?.Rank);

    private static StepBreakdown Of(params (SpanKind Kind, int Step, long Ns, OperationKey? Key)[][][] ranks) => Analyse(ranks).Breakdown;

    private static (StepBreakdown Breakdown, LateRank? Late) Analyse(params (SpanKind Kind, int Step, long Ns, OperationKey? Key)[][][] ranks)
    {
        RankTimes[] times = [.. ranks.Select(rank =>
        {
            var all = new RankTimes();
            foreach ((SpanKind kind, int step, long ns, OperationKey? key) in rank.SelectMany(one => one))
                all.Add(new RecordedSpan(kind, 0, step, 0, ns, 0, key?.Group ?? RecordFormat.NoOperation, key?.Sequence ?? 0));
            return all;
        })];
        return BreakdownAnalysis.Of([.. times.Select(rank => rank.Waits)], s_twoByTwo, times.Max(rank => rank.Steps));
    }

    /// <summary>A rank's steps, each 5 longer than its parts, whose operations nobody says.</summary>
    private static (SpanKind, int, long, OperationKey?)[] Rank(params (SpanKind Kind, long Ns)[][] steps) =>
        Keyed([.. steps.Select(parts => parts.Select(part => (part.Kind, part.Ns, (OperationKey?)null)).ToArray())]);

    /// <summary>The same with their operations.</summary>
    private static (SpanKind, int, long, OperationKey?)[] Keyed(params (SpanKind Kind, long Ns, OperationKey? Key)[][] steps) =>
    [
        .. steps.SelectMany((parts, step) => parts
            .Select(part => (part.Kind, step, part.Ns, part.Key))
            .Append((SpanKind.Step, step, parts.Sum(part => part.Ns) + 5, null))),
    ];

    private static (SpanKind, int, long, OperationKey?)[] Outside(SpanKind kind, long ns) => [(kind, 0, ns, null)];
}
