using System.Text.Json.Serialization;

namespace Daso.Analysis;

/// <summary>One strategy on one experiment's variant, over its complete seeds.</summary>
internal sealed record StrategySummary
{
    /// <summary>The strategy's name.</summary>
    public required string Strategy { get; init; }

    /// <summary>Whether the others are compared with it.</summary>
    public required bool IsBaseline { get; init; }

    /// <summary>The slowest rank's time per step over the steps of all seeds, nanoseconds.</summary>
    public required Spread StepNs { get; init; }

    /// <summary>Training time over seeds, nanoseconds.</summary>
    public required Spread TrainingNs { get; init; }

    /// <summary>Training time over the baseline's, paired by seed.</summary>
    public required Spread RelativeTraining { get; init; }

    /// <summary>Step time over the baseline's, paired by seed; null: the baseline itself, or no seed of both is complete.</summary>
    public required PairedRatio? Ratio { get; init; }

    /// <summary>Where a step's time goes; mean over seeds.</summary>
    public required StepBreakdown Breakdown { get; init; }

    /// <summary>Garbage collections during the timed steps of all seeds.</summary>
    public required Collections Collections { get; init; }

    /// <summary>How it did less work than the baseline, so that its times do not compare; null: it did not.</summary>
    public required string? LessWork { get; init; }

    /// <summary>Whether it did less work than the baseline, or reached the target faster than the baseline statistically can.</summary>
    public bool FasterThanPlausible => LessWork is not null;

    /// <summary>Images or tokens a second of all ranks, over seeds.</summary>
    public required Spread ItemsPerSecond { get; init; }

    /// <summary>Its rate a rank over that of a run of fewer ranks; null: nobody named one, or it has no such training.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? ScalingEfficiency { get; init; }

    /// <summary>Training time to the target over the seeds that reached it, nanoseconds.</summary>
    public required Spread TimeToTargetNs { get; init; }

    /// <summary>The quality after the last epoch, over seeds.</summary>
    public required Spread FinalQuality { get; init; }

    /// <summary>Bytes that a node sent in a step; mean over seeds.</summary>
    public required double BytesPerNodeStep { get; init; }

    /// <summary>Share of step time in averaging or broadcasting inside the node; mean over seeds.</summary>
    public required double LocalWaitShare { get; init; }

    /// <summary>Share of step time in waiting for other nodes; mean over seeds.</summary>
    public required double GlobalWaitShare { get; init; }

    /// <summary>Managed bytes that a rank allocated in a step; median over seeds.</summary>
    public required double AllocatedBytesPerStep { get; init; }

    /// <summary>Its trainings, one a seed, complete ones only.</summary>
    public required IReadOnlyList<CellSummary> Cells { get; init; }

    /// <summary>Share of step time that waits for other ranks.</summary>
    public double WaitShare => LocalWaitShare + GlobalWaitShare;

    /// <summary>Summarises cells.</summary>
    /// <param name="strategy">The strategy.</param>
    /// <param name="isBaseline">Whether it is the baseline.</param>
    /// <param name="cells">Its trainings.</param>
    /// <param name="baseline">The baseline's.</param>
    internal static StrategySummary Of(
        string strategy, bool isBaseline, IReadOnlyList<CellSummary> cells, IReadOnlyList<CellSummary> baseline)
    {
        cells = WithNoiseOfSeeds(cells);
        return new StrategySummary
        {
            Strategy = strategy,
            IsBaseline = isBaseline,
            StepNs = Spread.Of(cells.SelectMany(cell => cell.UndisturbedStepsNs)),
            TrainingNs = Spread.Of(cells.Select(cell => (double)cell.TrainingNs)),
            RelativeTraining = Spread.Of(cells.Select(cell => cell.RelativeTraining)),
            Ratio = isBaseline ? null : PairsOf(cells, WithNoiseOfSeeds(baseline)) is { Count: > 0 } pairs ? RatioBootstrap.Paired(pairs) : null,
            Breakdown = StepBreakdown.Mean([.. cells.Select(cell => cell.Breakdown)]),
            Collections = Analysis.Collections.Sum([.. cells.Select(cell => cell.Collections)]),
            LessWork = isBaseline ? null : Analysis.LessWork.Find(cells, baseline),
            ItemsPerSecond = Spread.Of(cells.Select(cell => cell.ItemsPerSecond)),
            TimeToTargetNs = Spread.Of(cells.Select(cell => (double?)cell.TimeToTargetNs)),
            FinalQuality = Spread.Of(cells.Select(cell => cell.FinalQuality)),
            BytesPerNodeStep = Statistics.Mean([.. cells.Select(cell => cell.BytesPerNodeStep)]),
            LocalWaitShare = Statistics.Mean([.. cells.Select(cell => cell.LocalWaitShare)]),
            GlobalWaitShare = Statistics.Mean([.. cells.Select(cell => cell.GlobalWaitShare)]),
            AllocatedBytesPerStep = Spread.Of(cells.Select(cell => cell.AllocatedBytesPerStep)).Median,
            Cells = cells,
        };
    }

    /// <summary>The trainings that have a partner of the same seed.</summary>
    internal static IReadOnlyList<RatioUnit> PairsOf(IReadOnlyList<CellSummary> cells, IReadOnlyList<CellSummary> baseline)
    {
        var pairs = new List<RatioUnit>();
        foreach (CellSummary cell in cells)
        {
            if (cell.Blocks is StepBlocks blocks && baseline.FirstOrDefault(one => one.Seed == cell.Seed)?.Blocks is StepBlocks other)
                pairs.Add(RatioUnit.Of(blocks, other));
        }

        return pairs;
    }

    private static IReadOnlyList<CellSummary> WithNoiseOfSeeds(IReadOnlyList<CellSummary> cells)
    {
        CellSummary[] trained = [.. cells.Where(cell => cell.Blocks is not null)];
        return
        [
            .. trained.Zip(StepBlocks.Together([.. trained.Select(cell => cell.Blocks!)]), (cell, blocks) => cell with { Blocks = blocks }),
            .. cells.Where(cell => cell.Blocks is null),
        ];
    }
}
