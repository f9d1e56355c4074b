using Daso.Analysis;

namespace Daso.Tests.Analysis;

public class LessWorkTests
{
    private static readonly CellSummary[] s_baseline = [Cell(1, epochs: 9), Cell(2, epochs: 10), Cell(3, epochs: 11)];

    [Fact]
    public void Equal_work_is_plausible()
    {
        Assert.Null(LessWork.Find(s_baseline, s_baseline));
        Assert.Null(LessWork.Find([Cell(1, epochs: 9), Cell(2, epochs: 8), Cell(3, epochs: 9)], s_baseline));
    }

    [Fact]
    public void Far_fewer_epochs_to_the_target_are_not() =>
        Assert.Contains(
            "reached the target in 4 epochs; the baseline needs 10",
            LessWork.Find([Cell(1, epochs: 4), Cell(2, epochs: 4), Cell(3, epochs: 4)], s_baseline),
            StringComparison.Ordinal);

    [Fact]
    public void Trainings_that_missed_the_target_say_nothing() =>
        Assert.Null(LessWork.Find([Cell(1, epochs: null)], s_baseline));

    [Fact]
    public void A_target_that_the_baseline_misses_is_reached_with_less_work()
    {
        CellSummary[] early = [Cell(1, epochs: 4), Cell(2, epochs: 4), Cell(3, epochs: 4)];
        Assert.Contains(
            "the baseline needs 11 or more",
            LessWork.Find(early, [Cell(1, epochs: null), Cell(2, epochs: null), Cell(3, epochs: null)]),
            StringComparison.Ordinal);
        Assert.NotNull(LessWork.Find(early, [Cell(1, epochs: 10), Cell(2, epochs: null), Cell(3, epochs: null)]));
        Assert.Null(LessWork.Find([Cell(1, epochs: 4), Cell(2, epochs: null), Cell(3, epochs: null)], s_baseline));
    }

    [Fact]
    public void One_training_of_the_baseline_says_nothing_of_its_spread() =>
        Assert.Null(LessWork.Find([Cell(1, epochs: 1)], [Cell(1, epochs: 9)]));

    [Fact]
    public void Fewer_steps_or_items_are_found_with_their_seed()
    {
        Assert.Equal("90 steps with seed 2, the baseline 100", LessWork.Find([Cell(1), Cell(2, steps: 90)], s_baseline));
        Assert.Equal("3199 items with seed 1, the baseline 3200", LessWork.Find([Cell(1, items: 3199)], s_baseline));
    }

    private static CellSummary Cell(int seed, int? epochs = 10, int steps = 100, double items = 3200) => new()
    {
        Seed = seed,
        Steps = steps,
        Items = items,
        TrainingNs = 1,
        ItemsPerSecond = 1,
        EpochsToTarget = epochs,
        TimeToTargetNs = epochs,
        FinalQuality = 0.9,
        BytesPerNodeStep = 0,
        LocalWaitShare = 0,
        GlobalWaitShare = 0,
        AllocatedBytesPerStep = null,
        Collections = new Collections(0, 0, 0),
        Breakdown = StepBreakdown.Mean([]),
        Epochs = [.. Enumerable.Range(0, 10).Select(epoch => new EpochPoint(epoch, epoch, []))],
    };
}
