using Daso.Recording;
using Daso.Strategies;
using Daso.Tests.Cluster;

namespace Daso.Tests.Strategies;

/// <summary>W and B from measured times; the times are the tests' own.</summary>
public class DasoAutoTests
{
    [Fact]
    public void W_rises_at_once_and_falls_after_four_shorter_exchanges()
    {
        var decision = new WaitDecision();
        Assert.Null(decision.Wait);
        int?[] waits = [.. new[] { 1, 3, 0, 1, 2, 1, 1, 1 }.Select(steps =>
        {
            decision.Observe(steps);
            return decision.Wait;
        })];
        Assert.Equal([1, 3, 3, 3, 3, 3, 2, 2], waits);
    }

    [Fact]
    public void What_was_decided_is_part_of_a_checkpoint()
    {
        var decision = new WaitDecision();
        decision.Observe(5);
        using var stream = new MemoryStream();
        decision.Save(new BinaryWriter(stream));
        var loaded = new WaitDecision();
        stream.Position = 0;
        loaded.Load(new BinaryReader(stream));
        Assert.Equal(5, loaded.Wait);
        Array.ForEach([2, 2, 2, 2], loaded.Observe);
        Assert.Equal(2, loaded.Wait);
    }

    [Theory]
    [InlineData(1, 3, 0, 1)] // there at the first step's end, though merged after the third
    [InlineData(2, 3, 0, 2)]
    [InlineData(9, 2, 0, 2)] // the merge did not have to wait after all
    [InlineData(9, 2, 5, 3)] // half a step more than two
    [InlineData(9, 2, 21, 5)] // 2.1 steps more than two
    public void Steps_of_an_exchange(int doneAtStep, int mergedAfter, long waitedMs, int expected)
    {
        var steps = new ExchangeSteps();
        steps.Sent(0);
        for (int step = 1; step <= mergedAfter; step++)
            steps.StepEnded(step >= doneAtStep);
        long now = 10 * mergedAfter;
        Assert.Equal(expected, steps.Merged(now, now + waitedMs));
    }

    [Fact]
    public void The_next_may_be_sent_before_the_last_is_merged()
    {
        var steps = new ExchangeSteps();
        steps.Sent(0);
        steps.StepEnded(areDone: false);
        steps.Sent(10);
        Assert.Equal(2, steps.Merged(10, 20));
        steps.StepEnded(areDone: true);
        Assert.Equal(1, steps.Merged(20, 20));
        Assert.Equal(0, steps.Merged(30, 30)); // of an exchange that a checkpoint held
    }

    [Fact]
    public void The_schedule_merges_after_the_wait_that_it_was_last_given()
    {
        var settings = new DasoSettings { WarmupEpochs = 0, Auto = DasoAuto.Wait };
        var schedule = new DasoSchedule(settings, groups: 1, epochs: 10, batchesPerEpoch: 14);
        Assert.Equal([0, 1, 4, 7, 8, 12], BatchesWithActions(schedule, 14, batch => batch >= 4 ? batch >= 8 ? 9 : 3 : null));
    }

    /// <summary>The batches after which something is done but for the last, whose mean is always.</summary>
    private static int[] BatchesWithActions(DasoSchedule schedule, int batches, Func<int, int?> wait) =>
    [
        .. Enumerable.Range(0, batches - 1).Where(batch =>
        {
            if (schedule.SendsAfter(batch) && wait(batch) is int measured)
                schedule.SetWait(measured);
            return schedule.AfterStep(batch).Count > 0;
        }),
    ];

    [Theory]
    [InlineData(DasoAuto.Wait, 3, 8, 3)]
    [InlineData(DasoAuto.Wait, 99, 8, 8)]
    [InlineData(DasoAuto.WaitAndSkips, 1, 2, 1)]
    [InlineData(DasoAuto.WaitAndSkips, 3, 4, 3)]
    [InlineData(DasoAuto.WaitAndSkips, 99, 8, 8)]
    public void An_epoch_begins_with_what_was_measured(DasoAuto auto, int measured, int global, int wait)
    {
        var settings = new DasoSettings { WarmupEpochs = 1, MaxGlobalSkips = 8, Auto = auto };
        var schedule = new DasoSchedule(settings, groups: 2, epochs: 20, batchesPerEpoch: 8);
        schedule.EpochEnded(1, measured);
        Assert.Equal(new DasoSkips(global, 1, wait), schedule.Skips);
    }

    [Fact]
    public void B_follows_the_loss_where_only_W_is_measured_and_the_link_where_both_are()
    {
        int GlobalAfterPlateau(DasoAuto auto)
        {
            var schedule = new DasoSchedule(new DasoSettings { WarmupEpochs = 0, Patience = 0, Auto = auto }, 1, 20, 8);
            schedule.EpochEnded(1, 3);
            schedule.EpochEnded(1, 3);
            return schedule.Skips.Global;
        }

        Assert.Equal(2, GlobalAfterPlateau(DasoAuto.Wait));
        Assert.Equal(4, GlobalAfterPlateau(DasoAuto.WaitAndSkips));
    }

    [Theory]
    [InlineData(DasoAuto.Wait)]
    [InlineData(DasoAuto.WaitAndSkips)]
    public void All_ranks_wait_alike_and_rank_0_records_what_was_agreed(DasoAuto auto)
    {
        const int StepsPerEpoch = 9;
        var spec = new DasoSpec { Schedule = new DasoSettings { WarmupEpochs = 0, CooldownEpochs = 0, Auto = auto } };
        (byte[] Bits, double[] Metrics)[] ranks = TestCluster.Collect(
            2,
            2,
            ranks =>
            {
                using var training = new TinyRank(spec, ranks, epochs: 4, StepsPerEpoch);
                training.Train(0, 3 * StepsPerEpoch + 6);
                training.Save();
                training.Train(3 * StepsPerEpoch + 6, 4 * StepsPerEpoch);
                return (training.Bits(), training.Metrics.ToArray());
            },
            link: "1gbit,200us");
        Assert.All(ranks, rank => Assert.Equal(ranks[0].Bits, rank.Bits));
        Assert.NotEmpty(ranks[0].Metrics);
        Assert.All(ranks[0].Metrics, steps => Assert.True(steps >= 1));
        Assert.All(ranks[1..], rank => Assert.Empty(rank.Metrics));
    }

    [Theory]
    [InlineData(DasoAuto.Wait, 2.3, 3)]
    [InlineData(DasoAuto.Wait, 0.2, 1)]
    [InlineData(DasoAuto.WaitAndSkips, 1.5, 2)]
    public void A_prediction_waits_as_long_as_the_exchange_takes(DasoAuto auto, double steps, int wait)
    {
        var spec = new DasoSpec { Schedule = new DasoSettings { MaxGlobalSkips = 8, Auto = auto } };
        var scope = new ProgramScope(1000, RanksPerNode: 2) { StepsOf = _ => steps };
        StepProgram cycling = spec.Programs(scope)[0];
        Assert.All(
            cycling.Steps.SelectMany(step => step.Actions).Where(action => action.Kind == ProgramActionKind.Wait),
            action => Assert.Equal(wait, action.Delay));
        Assert.Equal((auto == DasoAuto.Wait ? 8 : wait + 1), cycling.StepsPerExchange);
        Assert.Empty(spec.Programs(scope with { StepsOf = null }));
    }

    [Fact]
    public void The_manifest_says_which_strategies_follow_timings()
    {
        Assert.EndsWith("Times vary.", Manifest.DeterminismBeside([]), StringComparison.Ordinal);
        Assert.Contains("Not so for digits/daso-auto:", Manifest.DeterminismBeside(["digits/daso-auto"]), StringComparison.Ordinal);
        Assert.True(new PhasesSpec(new DasoSpec(), 3, new DasoSpec { Schedule = new DasoSettings { Auto = DasoAuto.Wait } }).FollowsTimings);
        Assert.False(new DasoSpec().FollowsTimings);
    }

    [Fact]
    public void The_reference_has_its_own_W() => Assert.Contains("Auto Wait needs variant Paper", Assert.Throws<UserErrorException>(
        () => new DasoSettings { Variant = DasoVariant.Heat, Auto = DasoAuto.Wait }.Validate()).Message, StringComparison.Ordinal);
}
